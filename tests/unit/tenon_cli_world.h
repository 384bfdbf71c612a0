/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, run within a test, and a server that gives it prepared answers.
 */
#ifndef TESTS_TENON_CLI_WORLD_H
#define TESTS_TENON_CLI_WORLD_H

#include "dom0-tools/cli/cli.h"

extern char file[64], console[64];	/* of a description, which is there, and of a socket, which is not */
extern int listener;

/* One exchange of the server's. */
extern const char *answer_head, *answer_body;
extern char asked[8192];

/* What the program has printed. */
extern char out[16384], complaints[4096];

/* A command line, words separated by spaces; with a head the server answers once. */
int run(const char *line, const char *head, const char *body);

/* Run the program with its output and complaints kept. */
int run_words(int argc, char *argv[]);

/* For servers of other kinds: what was asked, and its answer with answer_head. */
void read_request(int fd);
void send_answer(int fd, const char *body);
int listen_at(const char *where);

/* Of a group of tests. */
int cli_set_up(void **state);
int cli_tear_down(void **state);

#endif
