package io.kvasir;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;

/** The floor plan of the README, held. */
@AnalyzeClasses(packages = "io.kvasir", importOptions = ImportOption.DoNotIncludeTests.class)
class FloorsTest {
    @ArchTest
    static final ArchRule ARROWS_RUN_DOWNWARDS = Architectures.layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("bootstrap")
            .definedBy("io.kvasir", "io.kvasir.bootstrap..")
            .layer("features")
            .definedBy("io.kvasir.knowledgebase..", "io.kvasir.conversation..")
            .layer("streams")
            .definedBy("io.kvasir.ingestion..", "io.kvasir.answering..")
            .layer("engines")
            .definedBy(
                    "io.kvasir.retrieval..",
                    "io.kvasir.llm..",
                    "io.kvasir.identity..",
                    "io.kvasir.tenancy..",
                    "io.kvasir.audit..",
                    "io.kvasir.privacy..")
            .layer("ground")
            .definedBy(
                    "io.kvasir.http..",
                    "io.kvasir.mail..",
                    "io.kvasir.outbound..",
                    "io.kvasir.observability..",
                    "io.kvasir.jdbc..",
                    "io.kvasir.journal..",
                    "io.kvasir.sharding..",
                    "io.kvasir.socket..",
                    "io.kvasir.kernel..")
            .whereLayer("bootstrap")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("features")
            .mayOnlyBeAccessedByLayers("bootstrap")
            .whereLayer("streams")
            .mayOnlyBeAccessedByLayers("bootstrap", "features")
            .whereLayer("engines")
            .mayOnlyBeAccessedByLayers("bootstrap", "features", "streams");

    @ArchTest
    static final ArchRule NO_CIRCLES =
            slices().matching("io.kvasir.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule FEATURES_DO_NOT_KNOW_EACH_OTHER = noClasses()
            .that()
            .resideInAPackage("io.kvasir.knowledgebase..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.kvasir.conversation..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule NOR_THE_OTHER_WAY_ROUND = noClasses()
            .that()
            .resideInAPackage("io.kvasir.conversation..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.kvasir.knowledgebase..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule DOMAINS_SEE_ONLY_THE_JDK_AND_THE_KERNEL = classes()
            .that()
            .resideInAPackage("..domain..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java..",
                    "io.kvasir.kernel..",
                    "..domain..",
                    "org.jspecify..",
                    "com.fasterxml.jackson.annotation..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule ONLY_BOOTSTRAP_TOUCHES_CONFIG = noClasses()
            .that()
            .resideOutsideOfPackages("io.kvasir.bootstrap..", "io.kvasir.journal..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.typesafe.config..");
}
