package io.kvasir.llm.extractive;

import io.kvasir.llm.ChatModel.Evidence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The evidence cut into sentences, and the few of them worth an embedding chosen by their words. */
final class Candidates {
    /** An embedding costs milliseconds: so many sentences of the best passage, and of each of the next two. */
    private static final int[] CHOSEN = {4, 2, 2};

    private final List<List<String>> sentences = new ArrayList<>();
    private final List<Candidate> chosen = new ArrayList<>();
    private final Set<String> asked;
    private final List<Evidence> passages;

    Candidates(String question, List<Evidence> evidence) {
        this.asked = Terms.ofQuestion(question);
        this.passages = evidence.subList(0, Math.min(evidence.size(), CHOSEN.length));
        List<List<Set<String>>> terms = new ArrayList<>();
        for (Evidence one : passages) {
            List<String> units = Sentences.of(one.text());
            sentences.add(units);
            terms.add(units.stream().map(Terms::of).toList());
        }
        Map<String, Double> rarity = rarity(terms);
        double all = rarity.values().stream().mapToDouble(Double::doubleValue).sum();
        AnswerType type = AnswerType.of(question);
        Set<String> known =
                new HashSet<>(List.of(question.toLowerCase(Locale.ROOT).split("[^\\p{L}]+")));
        for (int p = 0; p < sentences.size(); p++) {
            List<Candidate> ofPassage = new ArrayList<>();
            for (int i = 0; i < sentences.get(p).size(); i++) {
                String text = sentences.get(p).get(i);
                double covered = 0;
                for (String term : asked) {
                    if (terms.get(p).get(i).contains(term)) {
                        covered += rarity.getOrDefault(term, 0.0);
                    }
                }
                ofPassage.add(
                        new Candidate(evidence.get(p), p, i, text, all == 0 ? 0 : covered / all, type.in(text, known)));
            }
            ofPassage.sort(
                    Comparator.<Candidate>comparingDouble(c -> -c.merit(0)).thenComparing(Candidate::position));
            chosen.addAll(ofPassage.subList(0, Math.min(CHOSEN[p], ofPassage.size())));
        }
    }

    /** Inverse document frequency of the question's terms over all sentences, as in BM25. */
    private Map<String, Double> rarity(List<List<Set<String>>> terms) {
        List<Set<String>> all = terms.stream().flatMap(List::stream).toList();
        Map<String, Double> rarity = new HashMap<>();
        for (String term : asked) {
            long in = all.stream().filter(sentence -> sentence.contains(term)).count();
            rarity.put(term, Math.log(1 + (all.size() - in + 0.5) / (in + 0.5)));
        }
        return rarity;
    }

    List<Candidate> chosen() {
        return chosen;
    }

    /** A sentence between its neighbours, under its title: what it says in its context. */
    String window(Candidate candidate) {
        List<String> units = sentences.get(candidate.passage());
        int from = Math.max(0, candidate.position() - 1);
        int to = Math.min(units.size(), candidate.position() + 2);
        return candidate.evidence().title() + ": " + String.join(" ", units.subList(from, to));
    }

    /** How many of the question's terms a passage, title included, does not have. */
    int missing(int passage) {
        Set<String> has = new HashSet<>(Terms.of(passages.get(passage).title()));
        has.addAll(Terms.of(passages.get(passage).text()));
        return (int) asked.stream().filter(term -> !has.contains(term)).count();
    }
}
