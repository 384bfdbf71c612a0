# SPDX-License-Identifier: GPL-2.0-or-later
#
# nm -n of the image to assembly: the sorted table that cpu/panic.c reads.
function value(hex,    i, v) {
	v = 0
	for (i = length(hex) - 7; i <= length(hex); i++)
		v = v * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return v
}
$3 == "image_start" { base = value($1) }
$3 == "image_text_end" { end = 1 }
($2 == "t" || $2 == "T") && !end && $3 !~ /^\./ && substr($1, 1, 8) == "ffff8200" {
	offset[n] = value($1)
	name[n++] = $3
}
END {
	n += 0
	print "\t.section .symbols, \"a\""
	print "\t.globl symbol_table, symbol_count, symbol_names"
	print "\t.balign 8\nsymbol_table:"
	for (i = 0; i < n; i++) {
		printf "\t.long %d, %d\n", offset[i] - base, at
		at += length(name[i]) + 1
	}
	print "symbol_count:\n\t.long " n
	print "symbol_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
