package io.kvasir.answering;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.answering.Question.Exchange;
import java.util.List;
import org.junit.jupiter.api.Test;

class FollowUpTest {
    private static final List<Exchange> HISTORY =
            List.of(new Exchange("old matter", "yes"), new Exchange("How is a refund paid?", "By card [1]."));

    @Test
    void a_question_that_points_back_gets_its_subject() {
        assertThat(FollowUp.standalone("How long does it usually take?", HISTORY))
                .isEqualTo("How is a refund paid? How long does it usually take?");
    }

    @Test
    void a_question_without_content_gets_its_subject() {
        assertThat(FollowUp.standalone("Why?", HISTORY)).isEqualTo("How is a refund paid? Why?");
    }

    @Test
    void a_short_question_gets_only_the_names_before_it() {
        List<Exchange> history = List.of(new Exchange("When did the Penobscot reach Maine?", "Long ago"));
        assertThat(FollowUp.standalone("any awards", history)).isEqualTo("Penobscot Maine any awards");
        assertThat(FollowUp.standalone("any awards", HISTORY)).isEqualTo("any awards");
    }

    @Test
    void a_question_that_stands_alone_stays() {
        assertThat(FollowUp.standalone("Which shipping companies deliver abroad?", HISTORY))
                .isEqualTo("Which shipping companies deliver abroad?");
    }

    @Test
    void without_history_nothing_changes() {
        assertThat(FollowUp.standalone("Why is it so?", List.of())).isEqualTo("Why is it so?");
    }
}
