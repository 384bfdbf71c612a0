/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The battery-backed clock: read once, at boot; setting it is dom0's work. */
#include "interrupt/hardware.h"
#include "time/platform.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_A 0x0a
#define CMOS_STATUS_B 0x0b
#define CMOS_UPDATING 0x80
#define CMOS_24_HOURS 0x02
#define CMOS_BINARY 0x04
#define CMOS_PM 0x80

struct cmos_time {
	uint8_t second, minute, hour, day, month, year;
};

static uint8_t cmos_read(uint8_t reg)
{
	hw_out8(CMOS_INDEX, reg);
	return hw_in8(CMOS_DATA);
}

static struct cmos_time cmos_read_time(void)
{
	/* An update takes 2 ms at most; a clock that never ends one is read as it is. */
	for (int i = 0; i < 10000 && cmos_read(CMOS_STATUS_A) & CMOS_UPDATING; i++)
		;
	return (struct cmos_time){ cmos_read(0), cmos_read(2), cmos_read(4),
				   cmos_read(7), cmos_read(8), cmos_read(9) };
}

static bool cmos_same(const struct cmos_time *a, const struct cmos_time *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
	       a->day == b->day && a->month == b->month && a->year == b->year;
}

static unsigned int from_bcd(uint8_t v)
{
	return (v >> 4) * 10 + (v & 15);
}

/* Days are counted in years that start in March, so that the leap day comes last. */
uint64_t platform_seconds(unsigned int year, unsigned int month, unsigned int day,
			  unsigned int hour, unsigned int minute, unsigned int second)
{
	unsigned int y = month > 2 ? year : year - 1;
	unsigned int m = month > 2 ? month - 3 : month + 9;
	uint64_t days = 365ULL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;

	/* 719468: days from 1 March of the year 0 to 1 January 1970. */
	return (((days - 719468) * 24 + hour) * 60 + minute) * 60 + second;
}

uint64_t platform_read_cmos(void)
{
	struct cmos_time t = cmos_read_time(), again = cmos_read_time();
	uint8_t status = cmos_read(CMOS_STATUS_B);
	bool pm;

	for (int i = 0; i < 10 && !cmos_same(&t, &again); i++) {
		t = again;
		again = cmos_read_time();
	}
	pm = !(status & CMOS_24_HOURS) && t.hour & CMOS_PM;
	if (!(status & CMOS_24_HOURS))
		t.hour &= ~CMOS_PM;
	if (!(status & CMOS_BINARY))
		t = (struct cmos_time){ from_bcd(t.second), from_bcd(t.minute), from_bcd(t.hour),
					from_bcd(t.day), from_bcd(t.month), from_bcd(t.year) };
	if (!(status & CMOS_24_HOURS))
		t.hour = t.hour % 12 + (pm ? 12 : 0);
	if (!t.month || t.month > 12 || !t.day || t.day > 31)
		return 0;
	return platform_seconds((t.year < 70 ? 2000 : 1900) + t.year, t.month, t.day, t.hour,
				t.minute, t.second);
}
