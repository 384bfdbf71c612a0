/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RelaxNG schema as data of the program: nothing to install, nothing to mismatch. */
	.section .rodata
	.globl schema_domain, schema_domain_end
	.type schema_domain, @object
	.type schema_domain_end, @object
schema_domain:
	.incbin "dom0-tools/schema/domain.rng"
schema_domain_end:
	.byte 0
	.size schema_domain, schema_domain_end - schema_domain
	.size schema_domain_end, 1
	.section .note.GNU-stack, "", @progbits
