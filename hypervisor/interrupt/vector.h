/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device vectors: one number means the same interrupt on every processor. */
#ifndef INTERRUPT_VECTOR_H
#define INTERRUPT_VECTOR_H

#include "lib/base.h"

/*
 * Take count vectors in a row (1, 2, 4 ... 32), the first a multiple of count, as
 * MSI with several messages needs them.  The first; 0: there are none.
 */
unsigned int vector_alloc(unsigned int count);
void vector_free(unsigned int first, unsigned int count);

#endif
