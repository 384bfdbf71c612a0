// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptions: where they come from, and what is read of them.
 */
#include "description.h"
#include "xml/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *size, struct error *error)
{
	struct stat info;
	char *text = NULL;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && !fstat(fd, &info)) {
		if (!S_ISREG(info.st_mode))
			errno = EINVAL;
		else if (info.st_size > REQUEST_BODY_MAX)
			errno = EFBIG;
		else if ((text = malloc((size_t)info.st_size + 1)))
			got = read(fd, text, (size_t)info.st_size);
	}
	if (got < 0) {
		error_set(error, ERROR_CONFIG, path, "give the path of a domain's description",
			  "cannot be read: %s", strerror(errno));
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	*size = got < 0 ? 0 : (size_t)got;
	return text;
}

int description_of_file(const char *path, struct description *description, struct error *error)
{
	memset(description, 0, sizeof(*description));
	snprintf(description->file, sizeof(description->file), "%s", path);
	description->xml = read_file(path, &description->size, error);
	return description->xml ? 0 : -EIO;
}

static int parse_json(const struct request *request, struct description *description,
		      struct error *error)
{
	const char *xml = NULL, *path = NULL, *file = NULL;
	json_error_t problem;
	int paused = 0, rc = 0;
	json_t *json = json_loadb(request->body, request->body_size, JSON_REJECT_DUPLICATES, &problem);

	if (!json)
		return error_set(error, ERROR_REQUEST, "request body",
				 "send a domain's XML, or JSON as docs/api.md says",
				 "line %d: %s", problem.line, problem.text);
	if (json_unpack_ex(json, &problem, JSON_STRICT, "{s?s, s?s, s?s, s?b}", "xml", &xml, "path",
			   &path, "file", &file, "paused", &paused) || !xml == !path) {
		rc = error_set(error, ERROR_REQUEST, "request body", "docs/api.md says what it may hold",
			       "%s", *problem.text ? problem.text : "expected one of xml and path");
	} else if (xml) {
		snprintf(description->file, sizeof(description->file), "%s", file ? file : "description");
		description->xml = strdup(xml);
		description->size = strlen(xml);
	} else {
		rc = description_of_file(path, description, error);
	}
	if (!rc && !description->xml)
		rc = -EIO;
	description->paused = paused;
	json_decref(json);
	return rc;
}

int description_of_request(const struct request *request, struct description *description,
			   struct error *error)
{
	const char *file = request_query(request, "file");
	size_t blank;

	memset(description, 0, sizeof(*description));
	if (!request->body)
		return error_set(error, ERROR_REQUEST, "request body", "send a domain's XML", "is empty");
	blank = strspn(request->body, " \t\r\n");
	if (request->body[blank] == '{')
		return parse_json(request, description, error);
	snprintf(description->file, sizeof(description->file), "%s", file ? file : "description");
	description->paused = request_flag(request, "paused");
	description->size = request->body_size;
	description->xml = malloc(request->body_size + 1);
	if (!description->xml)
		return error_set(error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	memcpy(description->xml, request->body, request->body_size + 1);
	return 0;
}

int description_read(const struct host *host, const struct description *description, const char *uuid,
		     struct domain_config **config, struct error *error)
{
	struct xml_source source = {
		.xml = description->xml, .size = description->size, .file = description->file,
		.salt = host->identity, .uuid = uuid,
	};

	return domain_xml_read(&source, config, error);
}

void description_clear(struct description *description)
{
	free(description->xml);
	description->xml = NULL;
}
