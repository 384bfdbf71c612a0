// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTTP server.  libmicrohttpd does the protocol, without threads: its
 * epoll descriptor is a source of the loop, and so is the time at which it
 * wants to look again.  A request without an answer yet is suspended.
 */
#include "http.h"
#include "log.h"

#include "../lib/unix_socket.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX	256
#define IDLE_SECONDS	60u

struct http {
	struct MHD_Daemon *daemon;
	sd_event_source *io;
	sd_event_source *timer;
	void (*handle)(struct request *request, void *data);
	void *data;
	int listener;
};

/* What libmicrohttpd keeps for us with a connection. */
struct transport {
	struct http *http;
	struct MHD_Connection *connection;
	bool complete;		/* the request has been handed over */
	bool suspended;
	bool oversized;
};

static void schedule(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG milliseconds;

	if (MHD_get_timeout(http->daemon, &milliseconds) != MHD_YES) {
		sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(http->timer, milliseconds * 1000);
	sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct http *http = data;

	(void)source;
	(void)fd;
	(void)events;
	MHD_run(http->daemon);
	schedule(http);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct http *http = data;

	(void)source;
	(void)usec;
	MHD_run(http->daemon);
	schedule(http);
	return 0;
}

/* An answer has come: wake the connection, and the server at the loop's next turn. */
static void on_answer(struct request *request)
{
	struct transport *transport = request->transport;

	if (!transport->suspended)
		return;
	transport->suspended = false;
	MHD_resume_connection(transport->connection);
	sd_event_source_set_time_relative(transport->http->timer, 0);
	sd_event_source_set_enabled(transport->http->timer, SD_EVENT_ONESHOT);
}

static enum MHD_Result answer(struct MHD_Connection *connection, struct request *request)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(request->answer ? strlen(request->answer) : 0,
						   request->answer ? request->answer : (char *)"",
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				request->plain ? "text/plain; charset=utf-8" : "application/json");
	result = MHD_queue_response(connection, request->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result take_parameter(void *data, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	struct request *request = data;

	(void)kind;
	/* What is not UTF-8 is left out, and so is missing. */
	json_object_set_new(request->query, name, json_string(value ? value : ""));
	return MHD_YES;
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *url,
			     const char *method, void **context)
{
	struct transport *transport = calloc(1, sizeof(*transport));
	struct request *request = request_new(method, url);

	if (!transport || !request) {
		free(transport);
		request_free(request);
		return MHD_NO;
	}
	transport->http = http;
	transport->connection = connection;
	request->transport = transport;
	request->send = on_answer;
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_parameter, request);
	*context = request;
	return MHD_YES;
}

/* The whole request is there. */
static enum MHD_Result complete(struct http *http, struct MHD_Connection *connection,
				struct request *request)
{
	struct transport *transport = request->transport;
	struct error error;

	if (!transport->complete) {
		transport->complete = true;
		if (transport->oversized) {
			error_set(&error, ERROR_REQUEST, "request", "send less",
				  "its body is larger than %u bytes", REQUEST_BODY_MAX);
			request_fail(request, &error);
		} else {
			http->handle(request, http->data);
		}
	}
	if (request->answered)
		return answer(connection, request);
	transport->suspended = true;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **context)
{
	struct request *request = *context;
	struct transport *transport;

	(void)version;
	if (!request)
		return begin(data, connection, url, method, context);
	transport = request->transport;
	if (*upload_size) {
		/* Read on to the end, so that the client gets to read the answer. */
		if (request_append_body(request, upload, *upload_size))
			transport->oversized = true;
		*upload_size = 0;
		return MHD_YES;
	}
	return complete(data, connection, request);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)data;
	(void)connection;
	(void)code;
	if (!request)
		return;
	free(request->transport);
	request_free(request);
	*context = NULL;
}

static int attach(struct http *http, sd_event *event)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int rc;

	if (!info)
		return -EIO;
	rc = sd_event_add_io(event, &http->io, info->epoll_fd, EPOLLIN, on_io, http);
	if (rc >= 0)
		rc = sd_event_add_time_relative(event, &http->timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
						http);
	return rc < 0 ? rc : 0;
}

int http_listen(sd_event *event, const char *path,
		void (*handle)(struct request *request, void *data), void *data, struct http **result)
{
	struct http *http = calloc(1, sizeof(*http));
	int rc;

	if (!http)
		return -ENOMEM;
	http->handle = handle;
	http->data = data;
	http->listener = unix_listen(path, CONNECTIONS_MAX);
	if (http->listener < 0) {
		rc = http->listener;
		free(http);
		return rc;
	}
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
					on_request, http,
					MHD_OPTION_LISTEN_SOCKET, http->listener,
					MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
					MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
					MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
					MHD_OPTION_END);
	if (!http->daemon) {
		close(http->listener);
		free(http);
		return -EIO;
	}
	rc = attach(http, event);
	if (rc) {
		http_close(http);
		return rc;
	}
	*result = http;
	return 0;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	sd_event_source_disable_unref(http->io);
	sd_event_source_disable_unref(http->timer);
	MHD_stop_daemon(http->daemon);	/* closes the listener, too */
	free(http);
}
