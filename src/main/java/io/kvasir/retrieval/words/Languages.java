package io.kvasir.retrieval.words;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.de.GermanLightStemFilter;
import org.apache.lucene.analysis.de.GermanNormalizationFilter;
import org.apache.lucene.analysis.el.GreekLowerCaseFilter;
import org.apache.lucene.analysis.el.GreekStemFilter;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.es.SpanishLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.hi.HindiNormalizationFilter;
import org.apache.lucene.analysis.hi.HindiStemFilter;
import org.apache.lucene.analysis.in.IndicNormalizationFilter;
import org.apache.lucene.analysis.it.ItalianLightStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.pt.PortugueseLightStemFilter;
import org.apache.lucene.analysis.ru.RussianLightStemFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.sv.SwedishLightStemFilter;
import org.apache.lucene.analysis.th.ThaiTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/**
 * How words become terms in each language. Every analysis splits by UAX #29, which keeps combining marks with their
 * letters (Hindi, Arabic); Chinese, Japanese and Korean become bigrams. Thai, which has no spaces either, is split by the
 * JDK's dictionary.
 *
 * <p>A passage is indexed by the analysis of its language. A question's language is not known, so each of its words is
 * looked up under every term that word would have got in the languages there are: alternatives of one word, not more words.
 */
public final class Languages {
    private static final Map<String, UnaryOperator<TokenStream>> STEMS = Map.ofEntries(
            Map.entry(
                    "en",
                    in -> new PorterStemFilter(
                            stopped(new EnglishPossessiveFilter(in), EnglishAnalyzer.ENGLISH_STOP_WORDS_SET))),
            Map.entry("de", in -> new GermanLightStemFilter(new GermanNormalizationFilter(in))),
            Map.entry("es", in -> new SpanishLightStemFilter(folded(in))),
            Map.entry("fr", in -> new FrenchLightStemFilter(folded(in))),
            Map.entry("it", in -> new ItalianLightStemFilter(folded(in))),
            Map.entry("pt", in -> new PortugueseLightStemFilter(folded(in))),
            Map.entry("nl", in -> new SnowballFilter(folded(in), "Dutch")),
            Map.entry("sv", SwedishLightStemFilter::new),
            Map.entry("el", in -> new GreekStemFilter(new GreekLowerCaseFilter(in))),
            Map.entry("ru", RussianLightStemFilter::new),
            Map.entry("ar", in -> new ArabicStemFilter(new ArabicNormalizationFilter(new DecimalDigitFilter(in)))),
            Map.entry(
                    "hi",
                    in -> new HindiStemFilter(
                            new HindiNormalizationFilter(new IndicNormalizationFilter(new DecimalDigitFilter(in))))),
            Map.entry("zh", in -> new CJKBigramFilter(new CJKWidthFilter(in))),
            Map.entry("ja", in -> new CJKBigramFilter(new CJKWidthFilter(in))),
            Map.entry("ko", in -> new CJKBigramFilter(new CJKWidthFilter(in))));

    /** For languages without a stemmer of their own. */
    public static final String PLAIN = "und";

    private final Map<String, Analyzer> analyzers = new LinkedHashMap<>();
    private final Analyzer plain = analyzer(StandardTokenizer::new, Languages::folded);

    public Languages() {
        STEMS.forEach((language, stem) -> analyzers.put(language, analyzer(StandardTokenizer::new, stem)));
        analyzers.put("th", analyzer(ThaiTokenizer::new, DecimalDigitFilter::new));
        analyzers.put(PLAIN, plain);
    }

    /** The name under which a passage of this language is analysed. */
    public String analysisOf(String language) {
        return analyzers.containsKey(language) ? language : PLAIN;
    }

    public Analyzer analyzer(String language) {
        Analyzer own = analyzers.get(language);
        return own == null ? plain : own;
    }

    /**
     * The question's words, each with the terms it may stand under.
     *
     * @param present analyses the index holds passages of
     * @param most words; what comes after is passed over
     */
    public List<Set<String>> words(String question, Set<String> present, int most) {
        Map<Integer, Set<String>> byPlace = new java.util.TreeMap<>();
        for (String language : present) {
            terms(analyzer(language), question, most, byPlace);
        }
        List<Set<String>> words = new ArrayList<>(byPlace.values());
        return words.size() > most ? words.subList(0, most) : words;
    }

    private static void terms(Analyzer analyzer, String text, int most, Map<Integer, Set<String>> into) {
        try (TokenStream stream = analyzer.tokenStream("text", text)) {
            CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
            OffsetAttribute place = stream.addAttribute(OffsetAttribute.class);
            stream.reset();
            int seen = 0;
            while (seen++ < most && stream.incrementToken()) {
                into.computeIfAbsent(place.startOffset(), _ -> new LinkedHashSet<>())
                        .add(term.toString());
            }
            stream.end();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Analyzer analyzer(Supplier<Tokenizer> tokenizer, UnaryOperator<TokenStream> stem) {
        return new Analyzer() {
            @Override
            protected TokenStreamComponents createComponents(String field) {
                Tokenizer words = tokenizer.get();
                return new TokenStreamComponents(words, stem.apply(new LowerCaseFilter(words)));
            }
        };
    }

    private static TokenStream folded(TokenStream in) {
        return new ASCIIFoldingFilter(in);
    }

    private static TokenStream stopped(TokenStream in, CharArraySet words) {
        return new StopFilter(in, words);
    }
}
