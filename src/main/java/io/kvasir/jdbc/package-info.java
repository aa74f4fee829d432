/** Rows and files: data source, migrations, transactions, stored files, keys of subjects. */
@NullMarked
package io.kvasir.jdbc;

import org.jspecify.annotations.NullMarked;
