package io.kvasir.llm.extractive;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a question wants to hear, and whether a sentence has something of the kind. English; others are {@code ANY}. */
enum AnswerType {
    NUMBER(
            "\\bhow (many|much|long|old|far|tall|big|often|large)\\b|\\bpercentage\\b|\\bnumber of\\b",
            "\\b\\d[\\d,.]*\\b|\\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
                    + "|million|billion|half|several|percent)\\b"),
    PERSON("\\bwho(m|se)?\\b", "(?<![.!?] )(?<!^)\\b[A-Z]\\p{L}+"),
    TIME(
            "\\bwhen\\b|\\bwhat (year|date|time)\\b",
            "\\b(1[0-9]{3}|20[0-9]{2})s?\\b|\\b(January|February|March|April|May|June|July|August|September|October|November"
                    + "|December|century|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|days?|weeks?|months?|hours?)\\b"),
    PLACE(
            "\\bwhere\\b",
            "\\b(in|at|near|from|on|across|between|inside|outside)( the)? [A-Z]|\\b(located|situated|found in|lies)\\b"),
    REASON(
            "\\bwhy\\b",
            "\\b(because|due to|since|so that|in order to|as a result|reason|caused?s?|therefore|led to|purpose)\\b"),
    ANY("", "");

    private final Pattern asked;
    private final Pattern told;

    AnswerType(String asked, String told) {
        this.asked = Pattern.compile(asked);
        this.told = Pattern.compile(told);
    }

    static AnswerType of(String question) {
        String lower = question.toLowerCase(Locale.ROOT);
        for (AnswerType type : values()) {
            if (type != ANY && type.asked.matcher(lower).find()) {
                return type;
            }
        }
        return ANY;
    }

    /** @param known words of the question, lower case: a person it names is not its answer */
    boolean in(String sentence, Set<String> known) {
        if (this == ANY) {
            return false;
        }
        Matcher matcher = told.matcher(sentence);
        while (matcher.find()) {
            if (this != PERSON || !known.contains(matcher.group().toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return false;
    }
}
