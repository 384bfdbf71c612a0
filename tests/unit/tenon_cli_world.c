// SPDX-License-Identifier: GPL-2.0-or-later
#include "tenon_cli_world.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/tenon-cli.XXXXXX";
static char path[64];
char file[64], console[64];
int listener;

const char *answer_head, *answer_body;
char asked[8192];
char out[16384], complaints[4096];

void read_request(int fd)
{
	size_t got = 0;
	ssize_t more;

	asked[0] = '\0';
	while (fd >= 0 && got < sizeof(asked) - 1) {
		char *end, *length;

		more = read(fd, asked + got, sizeof(asked) - 1 - got);
		if (more <= 0)
			break;
		got += (size_t)more;
		asked[got] = '\0';
		end = strstr(asked, "\r\n\r\n");
		length = strstr(asked, "Content-Length: ");
		if (end && length && got >= (size_t)(end + 4 - asked) + strtoul(length + 16, NULL, 10))
			break;
	}
}

void send_answer(int fd, const char *body)
{
	char answer[4096];

	snprintf(answer, sizeof(answer), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", answer_head,
		 strlen(body), body);
	if (fd >= 0 && (!*answer_head || write(fd, answer, strlen(answer)) >= 0))
		close(fd);
}

static void *serve(void *data)
{
	int fd = accept(listener, NULL, NULL);

	(void)data;
	read_request(fd);
	send_answer(fd, answer_body);
	return NULL;
}

static void read_back(FILE *stream, char *text, size_t size)
{
	size_t got;

	rewind(stream);
	got = fread(text, 1, size - 1, stream);
	text[got] = '\0';
	fclose(stream);
}

int run_words(int argc, char *argv[])
{
	FILE *out_file = tmpfile(), *complaints_file = tmpfile();
	int out_fd = dup(1), complaints_fd = dup(2), status;

	fflush(stdout);
	fflush(stderr);
	dup2(fileno(out_file), 1);
	dup2(fileno(complaints_file), 2);
	status = cli_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out_fd, 1);
	dup2(complaints_fd, 2);
	close(out_fd);
	close(complaints_fd);
	read_back(out_file, out, sizeof(out));
	read_back(complaints_file, complaints, sizeof(complaints));
	return status;
}

int run(const char *line, const char *head, const char *body)
{
	char words[512], *argv[32] = { (char *)"tenon" }, *rest = words;
	pthread_t thread;
	int argc = 1, status;

	snprintf(words, sizeof(words), "%s", line);
	while (rest && *rest)
		argv[argc++] = strsep(&rest, " ");
	answer_head = head;
	answer_body = body;
	if (head)
		assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
	status = run_words(argc, argv);
	if (head)
		pthread_join(thread, NULL);
	return status;
}

int listen_at(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, where);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

int cli_set_up(void **state)
{
	FILE *stream;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/api.sock", folder);
	snprintf(file, sizeof(file), "%s/web.xml", folder);
	snprintf(console, sizeof(console), "%s/console.sock", folder);
	listener = listen_at(path);
	setenv("TENON_SOCKET", path, 1);
	stream = fopen(file, "w");
	fputs("<domain/>", stream);
	return fclose(stream);
}

int cli_tear_down(void **state)
{
	(void)state;
	close(listener);
	unlink(path);
	unlink(file);
	unlink(console);
	return rmdir(folder);
}
