/** The embedded embedder: a quantized model from the class path on ONNX Runtime. */
@NullMarked
package io.kvasir.retrieval.onnx;

import org.jspecify.annotations.NullMarked;
