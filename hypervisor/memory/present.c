// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which entries of a page table are present.  Tables are mostly empty, and to look through all of
 * their 512 entries is much of what pinning one costs, so it is done by vector registers.  These
 * are the guest's, as is CR0.TS: what is used of them is put back.
 */
#include "cpu/x86.h"
#include "memory/pagetable.h"
#include "memory/present.h"

struct vector {
	uint64_t half[2];
};

static inline bool vectors_forbidden(void)
{
#ifdef TENON_HOST
	return false;
#else
	uint64_t status;

	__asm__ volatile("smsw %0" : "=r"(status));
	return unlikely(status & CR0_TS);
#endif
}

static __noinline uint32_t allow_vectors(uint32_t (*then)(const uint64_t *), const uint64_t *entries)
{
	uint32_t result;

	clts();
	result = then(entries);
	write_cr0(read_cr0() | CR0_TS);
	return result;
}

/* Puts a bit below those of "blocks": is any entry of that block present? */
#define BLOCK(at)                                                                                 \
	"movaps " at "*256(%[table]), %%xmm0\n\t"                                                 \
	".irp i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"                           \
	"por " at "*256 + \\i*16(%[table]), %%xmm0\n\t"                                           \
	".endr\n\t"                                                                               \
	"psllq $63, %%xmm0\n\t"                                                                   \
	"movmskpd %%xmm0, %k[found]\n\t"                                                          \
	"neg %k[found]\n\t"                                                                       \
	"adc %k[blocks], %k[blocks]\n\t"

uint32_t table_blocks(const uint64_t *table)
{
	uint32_t blocks = 0, found;
	struct vector saved;

	if (vectors_forbidden())
		return allow_vectors(table_blocks, table);
	__asm__ volatile("movups %%xmm0, %[saved]\n\t"
		BLOCK("15") BLOCK("14") BLOCK("13") BLOCK("12") BLOCK("11") BLOCK("10") BLOCK("9") BLOCK("8")
		BLOCK("7") BLOCK("6") BLOCK("5") BLOCK("4") BLOCK("3") BLOCK("2") BLOCK("1") BLOCK("0")
		"movups %[saved], %%xmm0"
		: [blocks] "+r"(blocks), [found] "=&r"(found), [saved] "=m"(saved)
		: [table] "r"(table), "m"(*(const uint64_t (*)[PTE_ENTRIES])table)
		: "cc");
	return blocks;
}

/* Bit 0 of four entries becomes the sign of four words. */
#define FOUR(at, vector)                                                                          \
	"movaps " at "(%[block]), " vector "\n\t"                                                 \
	"shufps $0x88, " at "+16(%[block]), " vector "\n\t"                                       \
	"pslld $31, " vector "\n\t"

/* And sixteen of these, packed with their signs, bits of a register. */
#define SIXTEEN(at, bits)                                                                         \
	FOUR(at, "%%xmm0") FOUR(at "+32", "%%xmm1")                                               \
	"packssdw %%xmm1, %%xmm0\n\t"                                                             \
	FOUR(at "+64", "%%xmm1") FOUR(at "+96", "%%xmm2")                                         \
	"packssdw %%xmm2, %%xmm1\n\t"                                                             \
	"packsswb %%xmm1, %%xmm0\n\t"                                                             \
	"pmovmskb %%xmm0, " bits "\n\t"

uint32_t block_entries(const uint64_t *block)
{
	uint32_t low, high;
	struct vector saved[3];

	if (vectors_forbidden())
		return allow_vectors(block_entries, block);
	__asm__ volatile("movups %%xmm0, %[saved0]\n\t"
		"movups %%xmm1, %[saved1]\n\t"
		"movups %%xmm2, %[saved2]\n\t"
		SIXTEEN("0", "%k[low]") SIXTEEN("128", "%k[high]")
		"movups %[saved0], %%xmm0\n\t"
		"movups %[saved1], %%xmm1\n\t"
		"movups %[saved2], %%xmm2"
		: [low] "=&r"(low), [high] "=&r"(high), [saved0] "=m"(saved[0]), [saved1] "=m"(saved[1]),
		  [saved2] "=m"(saved[2])
		: [block] "r"(block), "m"(*(const uint64_t (*)[FRAME_USED_BLOCK])block));
	return low | high << 16;
}
