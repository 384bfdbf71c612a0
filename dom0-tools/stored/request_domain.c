/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about domains. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "domain.h"
#include "record.h"
#include "request.h"
#include "watch.h"

static struct domain *find_domain(struct store *store, uint16_t domid)
{
	struct connection *connection = connection_of_domain(store, domid);

	return connection ? domain_of(connection) : NULL;
}

static int parse_u64(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || *end || *number > max ? -EINVAL : 0;
}

static int introduce_new(struct request *request, uint16_t domid, uint64_t mfn, uint32_t port)
{
	struct store *store = request->store;
	struct hv *hv = store->hv;
	struct domain *domain;
	int rc;

	if (!hv)
		return -ENOSYS;
	if (hv_state(hv, domid) == HV_GONE)
		return -ENOENT;
	domain = domain_new(store, hv, domid, mfn, port);
	if (!domain)
		return -ENOMEM;
	rc = domain_attach(domain, true);
	if (rc) {
		log_warning("domain %u: cannot connect ring at frame %" PRIx64 ", port %u: %s",
			    domid, mfn, port, strerror(-rc));
		connection_free(store, &domain->connection);
		return rc;
	}
	log_info("domain %u: introduced", domid);
	record_domain(store->journal, domain);
	watch_fire_special(store, PATH_INTRODUCE, domid);
	return 0;
}

/* Introduced again: only its event channel may have changed, for example after a restore. */
static int introduce_known(struct request *request, struct domain *domain, uint64_t mfn,
			   uint32_t port)
{
	uint32_t before = domain->remote_port;
	int rc;

	if (domain->mfn != mfn)
		return -EINVAL;
	domain->remote_port = port;
	rc = domain_attach(domain, false);
	if (rc) {
		domain->remote_port = before;
		return rc;
	}
	domain->shutdown = false;
	record_domain(request->store->journal, domain);
	return 0;
}

int request_introduce(struct request *request)
{
	const char *texts[3];
	struct domain *domain;
	uint64_t mfn, port;
	uint16_t domid;

	if (request_strings(request, texts, 3, 3) < 0 || request_domid(texts[0], &domid) ||
	    parse_u64(texts[1], UINT64_MAX, &mfn) || parse_u64(texts[2], UINT32_MAX, &port))
		return -EINVAL;
	/* Domain 0 is always there; tools introduce it all the same. */
	if (domid == 0)
		return 0;
	if (!port)
		return -EINVAL;
	domain = find_domain(request->store, domid);
	return domain ? introduce_known(request, domain, mfn, port)
		      : introduce_new(request, domid, mfn, port);
}

/* The domain named first in the body, introduced and not domain 0. */
static int named_guest(struct request *request, struct domain **domain)
{
	const char *texts[2];
	uint16_t domid;

	if (request_strings(request, texts, 1, 2) < 0 || request_domid(texts[0], &domid) || !domid)
		return -EINVAL;
	*domain = find_domain(request->store, domid);
	return *domain ? 0 : -ENOENT;
}

int request_release(struct request *request)
{
	struct domain *domain;
	int rc = named_guest(request, &domain);

	if (!rc)
		domain_release(request->store, domain);
	return rc;
}

int request_resume(struct request *request)
{
	struct domain *domain;
	int rc = named_guest(request, &domain);

	if (!rc)
		domain_resumed(request->store, domain);
	return rc;
}

int request_set_target(struct request *request)
{
	const char *texts[2];
	struct domain *domain;
	uint16_t target;
	int rc = named_guest(request, &domain);

	if (rc)
		return rc;
	if (request_strings(request, texts, 2, 2) < 0 || request_domid(texts[1], &target))
		return -EINVAL;
	if (!find_domain(request->store, target))
		return -ENOENT;
	domain->connection.subject.target = target;
	record_target(request->store->journal, domain->connection.subject.domid, target);
	return 0;
}

int request_get_domain_path(struct request *request)
{
	const char *text;
	char path[32];
	uint16_t domid;

	if (request_strings(request, &text, 1, 1) < 0 || request_domid(text, &domid))
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	return request_answer_text(request, path);
}

int request_is_domain_introduced(struct request *request)
{
	const char *text;
	uint16_t domid;

	if (request_strings(request, &text, 1, 1) < 0 || request_domid(text, &domid))
		return -EINVAL;
	return request_answer_text(request, !domid || find_domain(request->store, domid) ? "T"
											 : "F");
}
