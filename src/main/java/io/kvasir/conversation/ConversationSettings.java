package io.kvasir.conversation;

import java.time.Duration;

/**
 * How conversations are held. The longest turn there may be passes between servers: question, reply, and as many sealed
 * pieces as a reply is stored in.
 *
 * @param longestQuestion UTF-16 units, 1 to 100,000
 * @param longestReply UTF-16 units; what a model says beyond is not taken, from 1,000 to what fits {@link #LARGEST_TURN}
 * @param maxTurns most questions of one conversation, 1 to 10,000
 * @param historyTurns earlier turns put before the model, 0 to 100
 * @param longestTurn after this a reply fails, from 1 s
 * @param checkpointEvery how much of a long reply a crash may take, from 100 ms
 * @param keepAlive between comment lines on an open stream, and how soon a reader asks again whom nobody answered; from 1 s
 * @param idle how long a conversation that nobody reads stays in memory; more than twice {@code keepAlive}
 * @param answerWithin how long a request waits for its conversation, from 100 ms
 * @param snapshotEvery events, from 2
 * @param keepBeforeShowing whether what is said is stored before a reader sees it, so that a node that is lost takes nothing
 *     with it that was seen
 * @param drain how long an answer may go on where its conversation has to leave its node; 0: it is cut off
 */
public record ConversationSettings(
        int longestQuestion,
        int longestReply,
        int maxTurns,
        int historyTurns,
        Duration longestTurn,
        Duration checkpointEvery,
        Duration keepAlive,
        Duration idle,
        Duration answerWithin,
        int snapshotEvery,
        Duration drain,
        boolean keepBeforeShowing) {
    /** {@code pekko.remote.artery.advanced.maximum-frame-size}: a larger message is lost between two servers. */
    public static final int FRAME = 2 * 1024 * 1024;

    /** Most bytes of a turn's words on the wire. The rest of a frame is for its citations, a comment and who asked. */
    public static final int LARGEST_TURN = FRAME - 512 * 1024;

    /** Bytes around each sealed piece of a reply: its subject, nonce and tag. */
    private static final int AROUND_PIECE = 200;

    /** Most bytes of a UTF-16 unit in UTF-8. */
    private static final int UTF_8 = 3;

    public ConversationSettings {
        within("longest-question", longestQuestion, 1, 100_000);
        atLeast("longest-turn", longestTurn, Duration.ofSeconds(1));
        atLeast("checkpoint-every", checkpointEvery, Duration.ofMillis(100));
        long pieces = longestTurn.dividedBy(checkpointEvery) + 2;
        long most = (LARGEST_TURN - AROUND_PIECE * pieces) / UTF_8 - longestQuestion;
        if (most < 1_000) {
            throw new IllegalArgumentException(
                    "kvasir.conversation.longest-turn has more checkpoint-every than pass between servers: " + pieces);
        }
        within("longest-reply", longestReply, 1_000, (int) most);
        within("max-turns", maxTurns, 1, 10_000);
        within("history-turns", historyTurns, 0, 100);
        within("snapshot-every", snapshotEvery, 2, 1_000_000);
        atLeast("keep-alive", keepAlive, Duration.ofSeconds(1));
        atLeast("idle", idle, keepAlive.multipliedBy(2).plusMillis(1));
        atLeast("answer-within", answerWithin, Duration.ofMillis(100));
        atLeast("drain", drain, Duration.ZERO);
    }

    private static void within(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "kvasir.conversation." + key + " must be " + least + " to " + most + ", not " + value);
        }
    }

    private static void atLeast(String key, Duration value, Duration least) {
        if (value.compareTo(least) < 0) {
            throw new IllegalArgumentException("kvasir.conversation." + key + " must be at least " + least);
        }
    }
}
