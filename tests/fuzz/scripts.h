/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz test does without an engine: scripts from files, or random ones. */
#ifndef FUZZ_SCRIPTS_H
#define FUZZ_SCRIPTS_H

#include <stddef.h>
#include <stdint.h>

#define SCRIPT_ROOM (1 << 20)

/* The test's; fails by an assertion. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Runs the files named on the command line; without any, one script for each seed from 1 to count ("-n COUNT" in its
 * place), which random() makes: at most SCRIPT_ROOM bytes, the same for the same seed; returns how many. Returns the
 * program's exit status.
 */
int run_scripts(int argc, char **argv, unsigned int count,
		size_t (*random)(unsigned int seed, uint8_t *script));

#endif
