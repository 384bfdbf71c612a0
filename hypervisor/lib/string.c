/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and string functions; the bulk ones use the processor's string instructions. */
#include "lib/string.h"

#include "cpu/x86.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	void *ret = dst;
	size_t words = n / 8;

	n %= 8;
	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
	return ret;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t word = (uint8_t)c * 0x0101010101010101ULL;
	size_t words = n / 8;
	void *ret = dst;

	n %= 8;
	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(word) : "memory");
	return ret;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

void clear_page(void *page)
{
	size_t n = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(page), "+c"(n) : "a"(0) : "memory");
}

void copy_page(void *dst, const void *src)
{
	size_t n = PAGE_SIZE / 8;

	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

void scrub_pages(void *first, size_t count)
{
	char *at = first, *end = at + count * PAGE_SIZE;
	uint64_t cr0 = read_cr0(), kept[2];

	/* The register is a guest's, perhaps of one that is not even running. */
	if (cr0 & CR0_TS)
		clts();
	__asm__ volatile("movups %%xmm0, %0; pxor %%xmm0, %%xmm0" : "=m"(kept));
	for (; at < end; at += 512)
		__asm__ volatile("offset = 0; .rept 32; movntdq %%xmm0, offset(%0); offset = offset + 16; .endr"
				 : : "r"(at) : "memory");
	/* Such stores are seen in no order; whoever gets the pages next must find them done. */
	__asm__ volatile("movups %0, %%xmm0; sfence" : : "m"(kept) : "memory");
	if (cr0 & CR0_TS)
		write_cr0(cr0);
}
