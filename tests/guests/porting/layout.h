/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that C and assembly share. */
#ifndef PORTING_LAYOUT_H
#define PORTING_LAYOUT_H

/* Where physical page 0 is mapped: the linker script (tests/guests/lib/guest.lds) has it too. */
#define VIRT_BASE		0xffffffff80000000

/* Exceptions for which the processor pushes an error code: 8, 10 to 14 and 17. */
#define EXCEPTIONS_WITH_ERROR	0x27d00
#define EXCEPTIONS		20

#endif
