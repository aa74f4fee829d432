/** The knowledge base: settings, sources and their state, jobs, sharing, revisions. */
@NullMarked
package io.kvasir.knowledgebase;

import org.jspecify.annotations.NullMarked;
