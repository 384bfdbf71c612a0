/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small snprintf. */
#include "format.h"

struct sink {
	char *buf;
	size_t size, used;	/* used may pass size: then it only counts */
};

static void put(struct sink *s, char c)
{
	if (s->used + 1 < s->size)
		s->buf[s->used] = c;
	s->used++;
}

static void put_padded(struct sink *s, const char *text, size_t len, int width, char pad)
{
	for (; width > (int)len; width--)
		put(s, pad);
	while (len--)
		put(s, *text++);
}

static void put_number(struct sink *s, uint64_t value, bool negative, unsigned int base, int width,
		       char pad)
{
	char digits[24];
	size_t n = sizeof(digits);

	do
		digits[--n] = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		digits[--n] = '-';
	put_padded(s, digits + n, sizeof(digits) - n, width, pad);
}

static void put_integer(struct sink *s, char conversion, bool is_long, va_list *args, int width,
			char pad)
{
	uint64_t value = is_long ? va_arg(*args, uint64_t) : va_arg(*args, uint32_t);
	bool negative = false;

	if (conversion == 'd') {
		int64_t n = is_long ? (int64_t)value : (int32_t)value;

		negative = n < 0;
		value = negative ? -(uint64_t)n : (uint64_t)n;
	}
	put_number(s, value, negative, conversion == 'x' ? 16 : 10, width, pad);
}

static const char *put_conversion(struct sink *s, const char *fmt, va_list *args)
{
	char pad = *fmt == '0' ? '0' : ' ';
	bool is_long = false;
	const char *text;
	int width = 0;

	while (*fmt >= '0' && *fmt <= '9')
		width = width * 10 + *fmt++ - '0';
	for (; *fmt == 'l'; fmt++)
		is_long = true;
	switch (*fmt) {
	case 's':
		text = va_arg(*args, const char *);
		put_padded(s, text, strlen(text), width, ' ');
		break;
	case 'c':
		put(s, va_arg(*args, int));
		break;
	case 'p':
		put_padded(s, "0x", 2, 0, ' ');
		put_number(s, va_arg(*args, uint64_t), false, 16, 0, ' ');
		break;
	case 'd':
	case 'u':
	case 'x':
		put_integer(s, *fmt, is_long, args, width, pad);
		break;
	default:
		put(s, *fmt);
	}
	return fmt + 1;
}

size_t format_va(char *buf, size_t size, const char *fmt, va_list args)
{
	struct sink s = { buf, size, 0 };
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		if (*fmt != '%') {
			put(&s, *fmt++);
			continue;
		}
		fmt = put_conversion(&s, fmt + 1, &copy);
	}
	va_end(copy);
	if (size)
		buf[s.used < size ? s.used : size - 1] = '\0';
	return s.used;
}
