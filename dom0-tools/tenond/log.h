/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the daemon, on standard error with the priority prefix that
 * the journal understands: "<4>domain web: ...".
 */
#ifndef TENOND_LOG_H
#define TENOND_LOG_H

#include <stdio.h>

#define log_error(...)		log_at(3, __VA_ARGS__)
#define log_warning(...)	log_at(4, __VA_ARGS__)
#define log_info(...)		log_at(6, __VA_ARGS__)

/* One call of stdio, so that lines of several threads do not mix. */
#define log_at(priority, format, ...) \
	fprintf(stderr, "<%d>tenond: " format "\n", priority, ##__VA_ARGS__)

#endif
