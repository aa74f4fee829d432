/** What happens to a tenant; sees the JDK and the kernel alone. */
@NullMarked
package io.kvasir.tenancy.domain;

import org.jspecify.annotations.NullMarked;
