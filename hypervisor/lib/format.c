/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printf-like formatting for messages: the subset that lib/log.h names. */
#include "lib/log.h"
#include "lib/string.h"

struct sink {
	char *buf;
	size_t size, pos;
};

static void put(struct sink *s, char c)
{
	if (s->pos + 1 < s->size)
		s->buf[s->pos] = c;
	s->pos++;
}

static void put_padded(struct sink *s, const char *text, size_t len, int width, bool left, char pad)
{
	int fill = width > (int)len ? width - (int)len : 0;

	if (!left)
		while (fill-- > 0)
			put(s, pad);
	for (size_t i = 0; i < len; i++)
		put(s, text[i]);
	if (left)
		while (fill-- > 0)
			put(s, ' ');
}

static void put_number(struct sink *s, uint64_t value, bool negative, unsigned int base, int width,
		       bool left, char pad)
{
	char digits[24];
	size_t n = sizeof(digits);

	do {
		digits[--n] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative && pad == '0') {
		put(s, '-');
		width--;
	} else if (negative) {
		digits[--n] = '-';
	}
	put_padded(s, digits + n, sizeof(digits) - n, width, left, pad);
}

struct spec {
	int width, precision, longs;
	bool left;
	char pad;
};

static const char *parse_spec(const char *fmt, struct spec *sp, va_list *ap)
{
	*sp = (struct spec){ .precision = -1, .pad = ' ' };
	for (;; fmt++) {
		if (*fmt == '-')
			sp->left = true;
		else if (*fmt == '0')
			sp->pad = '0';
		else
			break;
	}
	if (*fmt == '*') {
		sp->width = va_arg(*ap, int);
		fmt++;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		sp->width = sp->width * 10 + *fmt - '0';
	if (*fmt == '.') {
		fmt++;
		sp->precision = 0;
		if (*fmt == '*') {
			sp->precision = va_arg(*ap, int);
			fmt++;
		}
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			sp->precision = sp->precision * 10 + *fmt - '0';
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		sp->longs++;
	return fmt;
}

static void put_conversion(struct sink *s, char conversion, const struct spec *sp, va_list *ap)
{
	switch (conversion) {
	case 'd': {
		int64_t v = sp->longs ? va_arg(*ap, int64_t) : va_arg(*ap, int);

		put_number(s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, sp->width, sp->left,
			   sp->pad);
		break;
	}
	case 'u':
	case 'x':
		put_number(s, sp->longs ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int), false,
			   conversion == 'u' ? 10 : 16, sp->width, sp->left, sp->pad);
		break;
	case 'p':
		put_number(s, (uint64_t)va_arg(*ap, void *), false, 16, 16, false, '0');
		break;
	case 'c':
		put(s, (char)va_arg(*ap, int));
		break;
	case 's': {
		const char *text = va_arg(*ap, const char *);

		if (!text)
			text = "(null)";
		put_padded(s, text, strnlen(text, sp->precision >= 0 ? (size_t)sp->precision : SIZE_MAX),
			   sp->width, sp->left, ' ');
		break;
	}
	default:
		put(s, '%');
		if (conversion != '%')
			put(s, conversion);
	}
}

size_t format_string_va(char *buf, size_t size, const char *fmt, va_list list)
{
	struct sink s = { buf, size, 0 };
	va_list ap;

	va_copy(ap, list);
	for (; *fmt; fmt++) {
		struct spec sp;

		if (*fmt != '%') {
			put(&s, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &sp, &ap);
		if (!*fmt)
			break;
		put_conversion(&s, *fmt, &sp, &ap);
	}
	va_end(ap);
	if (size)
		buf[s.pos < size ? s.pos : size - 1] = 0;
	return s.pos;
}

size_t format_string(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format_string_va(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
