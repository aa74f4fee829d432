package io.kvasir.retrieval.onnx;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The model's WordPiece tokens. Never closed: counting may outlive the embedder, and a tokenizer is freed with the process. */
final class BertTokens {
    /** Longest input of the model, [CLS] and [SEP] included. */
    static final int LONGEST = 512;

    private static final String FILE = "/bge-small-en-v1.5-q-tokenizer.json";

    private final HuggingFaceTokenizer cutting;
    private final HuggingFaceTokenizer counting;

    private BertTokens(HuggingFaceTokenizer cutting, HuggingFaceTokenizer counting) {
        this.cutting = cutting;
        this.counting = counting;
    }

    static BertTokens load() throws IOException {
        // The library would report each start to its makers, and look for an EC2 machine to tell them about.
        System.setProperty("ai.djl.offline", "true");
        String longest = Integer.toString(LONGEST);
        return new BertTokens(
                load(Map.of("truncation", "true", "padding", "false", "maxLength", longest, "modelMaxLength", longest)),
                load(Map.of("truncation", "false", "padding", "false")));
    }

    private static HuggingFaceTokenizer load(Map<String, String> options) throws IOException {
        try (InputStream file = BertTokens.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IOException("the tokenizer is not on the class path");
            }
            return HuggingFaceTokenizer.newInstance(file, options);
        }
    }

    /** With the special tokens, cut at {@link #LONGEST}. */
    Encoding encode(String text) {
        return cutting.encode(text);
    }

    int count(String text) {
        return counting.encode(text, false, false).getIds().length;
    }

    /** The share of a text's letters that stand in words which are one token, Latin script only: the vocabulary is English. */
    double wholeWords(String text) {
        Encoding encoding = counting.encode(text, false, false);
        long[] words = encoding.getWordIds();
        String[] tokens = encoding.getTokens();
        CharSpan[] spans = encoding.getCharTokenSpans();
        int letters = 0;
        int whole = 0;
        for (int i = 0; i < tokens.length; i++) {
            if (spans[i] == null) {
                continue;
            }
            int length = letters(text, spans[i].getStart(), spans[i].getEnd());
            letters += length;
            boolean alone =
                    (i == 0 || words[i - 1] != words[i]) && (i + 1 == tokens.length || words[i + 1] != words[i]);
            if (alone && !tokens[i].equals("[UNK]") && latin(text, spans[i].getStart())) {
                whole += length;
            }
        }
        return letters == 0 ? 0 : (double) whole / letters;
    }

    private static int letters(String text, int from, int to) {
        return (int) text.substring(Math.min(from, text.length()), Math.min(to, text.length()))
                .codePoints()
                .filter(Character::isLetter)
                .count();
    }

    private static boolean latin(String text, int at) {
        return at < text.length() && Character.UnicodeScript.of(text.codePointAt(at)) == Character.UnicodeScript.LATIN;
    }
}
