// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The request is answered when all is over; how far it is, a thread of its own asks meanwhile, as any other
 * client may.
 */
#include "watch.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define LOOK_MS		250

struct watch {
	const struct cli *cli;
	const struct progress *progress;
	json_int_t shown;		/* steps; the thread's */
	pthread_t thread;
	pthread_mutex_t lock;		/* for over */
	pthread_cond_t ended;
	bool over;
};

static void show_step(struct watch *watch, json_t *member)
{
	json_int_t steps = watch->progress->steps ? watch->progress->steps(member) :
						    get_number(member, watch->progress->counter);

	if (steps <= watch->shown)
		return;
	watch->shown = steps;
	if (watch->cli->json) {
		json_dumpf(member, stderr, JSON_COMPACT);
		fputc('\n', stderr);
	} else {
		watch->progress->print(member);
	}
}

/* domain: as the API tells it. Shows how far that is unless it has been shown before. */
static void show(struct watch *watch, json_t *domain)
{
	json_t *member = watch->progress->member ? json_object_get(domain, watch->progress->member) : domain;
	json_t *step;
	size_t i;

	/* Who looks now and then may miss one that the next follows at once. */
	json_array_foreach(json_object_get(member, "recent"), i, step) {
		json_t *then = json_copy(member);

		json_object_update(then, step);
		json_object_del(then, "recent");
		show_step(watch, then);
		json_decref(then);
	}
	show_step(watch, member);
}

static void look(struct watch *watch)
{
	char path[PATH_MAX_API];
	struct response response;

	domain_path(watch->cli->arguments[0], "", path);
	if (client_request(watch->cli->socket, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response))
		return;
	show(watch, response.json);
	response_clear(&response);
}

static void *watch_it(void *data)
{
	struct watch *watch = data;

	pthread_mutex_lock(&watch->lock);
	while (!watch->over) {
		struct timespec next;

		pthread_mutex_unlock(&watch->lock);
		look(watch);
		clock_gettime(CLOCK_REALTIME, &next);
		next.tv_nsec += LOOK_MS * 1000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		pthread_mutex_lock(&watch->lock);
		if (!watch->over)
			pthread_cond_timedwait(&watch->ended, &watch->lock, &next);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

int ask_and_watch(struct cli *cli, const char *path, unsigned int timeout, const struct progress *progress,
		  struct response *response)
{
	struct watch watch = {
		.cli = cli, .progress = progress, .lock = PTHREAD_MUTEX_INITIALIZER,
		.ended = PTHREAD_COND_INITIALIZER,
	};
	bool watched = progress && !pthread_create(&watch.thread, NULL, watch_it, &watch);
	int status = ask(cli, "POST", path, NULL, 0, timeout, response);

	if (!watched)
		return status;
	pthread_mutex_lock(&watch.lock);
	watch.over = true;
	pthread_cond_signal(&watch.ended);
	pthread_mutex_unlock(&watch.lock);
	pthread_join(watch.thread, NULL);
	/* The last step is over with the request, so the thread rarely sees it. */
	if (!status)
		show(&watch, response->json);
	return status;
}
