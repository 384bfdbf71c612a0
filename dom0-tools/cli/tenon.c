// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tenon: main program of the command line.
 */
#include "cli.h"

int main(int argc, char *argv[])
{
	return cli_main(argc, argv);
}
