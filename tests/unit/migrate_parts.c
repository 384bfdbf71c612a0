/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "migrate_parts.h"

#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct host host;
struct domain_config *config;
struct record record;
struct error error;
struct migration *migration;

static char program[256];

void pretend(const char *script)
{
	FILE *out = fopen(program, "w");

	fprintf(out, "#!/bin/sh\n%s\n", script);
	fchmod(fileno(out), 0755);
	fclose(out);
}

int set_up(void **state)
{
	char devices[400];

	(void)state;
	fakes_reset();
	fakes_host(&host);
	snprintf(devices, sizeof(devices), "<disk type='file'><driver type='raw' cache='none'/><source file='%s/disk.img'/>"
		 "<target dev='xvda'/></disk>"
		 "<interface type='bridge'><source bridge='br0'/></interface>", host.run_dir);
	config = fakes_config(&host, "web", devices);
	snprintf(program, sizeof(program), "%s/migrate", host.run_dir);
	setenv("TENON_MIGRATE", program, 1);
	memset(&error, 0, sizeof(error));
	fakes_record(&record, config, 1);
	record.phase = PHASE_MIGRATING;
	fakes_suspending(1, config);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	migration_unref(migration);
	migration = NULL;
	record_clear(&record);
	config_free(config);
	fakes_host_free(&host);
	return 0;
}

off_t file_size(const char *path)
{
	struct stat info;

	return stat(path, &info) ? -1 : info.st_size;
}
