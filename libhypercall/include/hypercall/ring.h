/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rings shared by two domains.
 *
 * A request ring is one page (or several): a header of 64 bytes, then slots
 * that hold a request until the backend overwrites it with a response. Indexes
 * run freely and are masked when used. HC_DEFINE_RING(name, request, response)
 * makes the types and the typed helpers of both sides.
 *
 * The peer may write anything to the page at any moment. Hence both sides keep
 * their own indexes outside of it, copy a slot out before looking at it, and
 * refuse a producer index that is more than a ring ahead (-EPROTO by value,
 * HC_RING_BROKEN: no libc here).
 *
 * Source of facts: Xen's public header io/ring.h.
 */
#ifndef HYPERCALL_RING_H
#define HYPERCALL_RING_H

#include <stdint.h>

#define HC_RING_BROKEN		(-71)

/* Fixed bytes before the first slot. */
#define HC_RING_HEADER_SIZE	64

/* Greatest power of two not above n, n > 0. */
static inline uint32_t hc_ring_floor_pow2(uint32_t n)
{
	return 1U << (31 - __builtin_clz(n));
}

/*
 * Byte streams (console, store): one side produces into a power-of-two buffer,
 * the other consumes. Returns the bytes waiting, or HC_RING_BROKEN.
 */
static inline int hc_stream_used(uint32_t prod, uint32_t cons, uint32_t size)
{
	uint32_t used = prod - cons;

	return used > size ? HC_RING_BROKEN : (int)used;
}

/* Copies at most len bytes into a stream; returns the bytes taken or HC_RING_BROKEN. */
static inline int hc_stream_write(char *ring, uint32_t size, uint32_t *prod,
				  const uint32_t *cons, const void *data, uint32_t len)
{
	uint32_t at = __atomic_load_n(prod, __ATOMIC_RELAXED);
	int used = hc_stream_used(at, __atomic_load_n(cons, __ATOMIC_ACQUIRE), size);
	uint32_t first;

	if (used < 0)
		return used;
	if (len > size - (uint32_t)used)
		len = size - (uint32_t)used;
	first = size - (at & (size - 1));
	if (first > len)
		first = len;
	__builtin_memcpy(ring + (at & (size - 1)), data, first);
	__builtin_memcpy(ring, (const char *)data + first, len - first);
	__atomic_store_n(prod, at + len, __ATOMIC_RELEASE);
	return (int)len;
}

/* Copies at most len bytes out of a stream; returns the bytes given or HC_RING_BROKEN. */
static inline int hc_stream_read(const char *ring, uint32_t size, const uint32_t *prod,
				 uint32_t *cons, void *data, uint32_t len)
{
	uint32_t at = __atomic_load_n(cons, __ATOMIC_RELAXED);
	int used = hc_stream_used(__atomic_load_n(prod, __ATOMIC_ACQUIRE), at, size);
	uint32_t first;

	if (used < 0)
		return used;
	if (len > (uint32_t)used)
		len = (uint32_t)used;
	first = size - (at & (size - 1));
	if (first > len)
		first = len;
	__builtin_memcpy(data, ring + (at & (size - 1)), first);
	__builtin_memcpy((char *)data + first, ring, len - first);
	__atomic_store_n(cons, at + len, __ATOMIC_RELEASE);
	return (int)len;
}

#define HC_DEFINE_RING_TYPES(name, req_t, rsp_t)					\
union hc_##name##_sring_entry {								\
	req_t req;									\
	rsp_t rsp;									\
};											\
struct hc_##name##_sring {								\
	uint32_t req_prod, req_event;	/* Last request; wake the backend at. */	\
	uint32_t rsp_prod, rsp_event;	/* Last response; wake the frontend at. */	\
	uint8_t pvt[4];									\
	uint8_t pad[44];								\
	union hc_##name##_sring_entry ring[1];						\
};											\
struct hc_##name##_front_ring {								\
	uint32_t req_prod_pvt;		/* Requests written, not yet shown. */		\
	uint32_t rsp_cons;		/* Responses taken. */				\
	uint32_t nr_ents;								\
	struct hc_##name##_sring *sring;						\
};											\
struct hc_##name##_back_ring {								\
	uint32_t rsp_prod_pvt;		/* Responses written, not yet shown. */		\
	uint32_t req_cons;		/* Requests taken. */				\
	uint32_t nr_ents;								\
	struct hc_##name##_sring *sring;						\
}

/* The frontend's half. bytes: size of the shared pages. */
#define HC_DEFINE_RING_FRONT(name, req_t, rsp_t)					\
static inline void hc_##name##_front_init(struct hc_##name##_front_ring *r,		\
					  struct hc_##name##_sring *s, uint32_t bytes)	\
{											\
	__builtin_memset(s, 0, HC_RING_HEADER_SIZE);					\
	s->req_event = 1;								\
	s->rsp_event = 1;								\
	r->req_prod_pvt = 0;								\
	r->rsp_cons = 0;								\
	r->nr_ents = hc_ring_floor_pow2((bytes - HC_RING_HEADER_SIZE) /			\
					(uint32_t)sizeof(s->ring[0]));			\
	r->sring = s;									\
}											\
static inline uint32_t hc_##name##_front_free(const struct hc_##name##_front_ring *r)	\
{											\
	return r->nr_ents - (r->req_prod_pvt - r->rsp_cons);				\
}											\
/* Puts one request; 0, or HC_RING_BROKEN when there is no free slot. */		\
static inline int hc_##name##_front_put(struct hc_##name##_front_ring *r,		\
					const req_t *req)				\
{											\
	if (!hc_##name##_front_free(r))							\
		return HC_RING_BROKEN;							\
	r->sring->ring[r->req_prod_pvt++ & (r->nr_ents - 1)].req = *req;		\
	return 0;									\
}											\
/* Shows the requests put; 1 when the backend wants to be told. */			\
static inline int hc_##name##_front_push(struct hc_##name##_front_ring *r)		\
{											\
	uint32_t old = __atomic_load_n(&r->sring->req_prod, __ATOMIC_RELAXED);		\
	uint32_t new = r->req_prod_pvt;							\
											\
	__atomic_store_n(&r->sring->req_prod, new, __ATOMIC_RELEASE);			\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);					\
	return new - __atomic_load_n(&r->sring->req_event, __ATOMIC_RELAXED) <		\
	       new - old;								\
}											\
/* Takes one response: 1, 0 when there is none, or HC_RING_BROKEN. */			\
static inline int hc_##name##_front_get(struct hc_##name##_front_ring *r, rsp_t *rsp)	\
{											\
	uint32_t n = __atomic_load_n(&r->sring->rsp_prod, __ATOMIC_ACQUIRE) - r->rsp_cons; \
											\
	if (!n)										\
		return 0;								\
	if (n > r->req_prod_pvt - r->rsp_cons)						\
		return HC_RING_BROKEN;							\
	*rsp = *(volatile rsp_t *)&r->sring->ring[r->rsp_cons++ & (r->nr_ents - 1)].rsp; \
	return 1;									\
}											\
/* Asks to be told of the next response; 1 when one came meanwhile. */			\
static inline int hc_##name##_front_arm(struct hc_##name##_front_ring *r)		\
{											\
	__atomic_store_n(&r->sring->rsp_event, r->rsp_cons + 1, __ATOMIC_RELAXED);	\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);					\
	return __atomic_load_n(&r->sring->rsp_prod, __ATOMIC_ACQUIRE) != r->rsp_cons;	\
}											\
struct hc_##name##_front_ring

/* The backend's half. */
#define HC_DEFINE_RING_BACK(name, req_t, rsp_t)						\
static inline void hc_##name##_back_init(struct hc_##name##_back_ring *r,		\
					 struct hc_##name##_sring *s, uint32_t bytes)	\
{											\
	r->rsp_prod_pvt = __atomic_load_n(&s->rsp_prod, __ATOMIC_RELAXED);		\
	r->req_cons = r->rsp_prod_pvt;							\
	r->nr_ents = hc_ring_floor_pow2((bytes - HC_RING_HEADER_SIZE) /			\
					(uint32_t)sizeof(s->ring[0]));			\
	r->sring = s;									\
}											\
/* Takes one request: 1, 0 when there is none, or HC_RING_BROKEN. */			\
static inline int hc_##name##_back_get(struct hc_##name##_back_ring *r, req_t *req)	\
{											\
	uint32_t prod = __atomic_load_n(&r->sring->req_prod, __ATOMIC_ACQUIRE);		\
											\
	if (prod == r->req_cons)							\
		return 0;								\
	if (prod - r->rsp_prod_pvt > r->nr_ents)					\
		return HC_RING_BROKEN;							\
	*req = *(volatile req_t *)&r->sring->ring[r->req_cons++ & (r->nr_ents - 1)].req; \
	return 1;									\
}											\
/* Puts one response; 0, or HC_RING_BROKEN when no request is unanswered. */		\
static inline int hc_##name##_back_put(struct hc_##name##_back_ring *r,			\
				       const rsp_t *rsp)				\
{											\
	if (r->rsp_prod_pvt == r->req_cons)						\
		return HC_RING_BROKEN;							\
	r->sring->ring[r->rsp_prod_pvt++ & (r->nr_ents - 1)].rsp = *rsp;		\
	return 0;									\
}											\
/* Shows the responses put; 1 when the frontend wants to be told. */			\
static inline int hc_##name##_back_push(struct hc_##name##_back_ring *r)		\
{											\
	uint32_t old = __atomic_load_n(&r->sring->rsp_prod, __ATOMIC_RELAXED);		\
	uint32_t new = r->rsp_prod_pvt;							\
											\
	__atomic_store_n(&r->sring->rsp_prod, new, __ATOMIC_RELEASE);			\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);					\
	return new - __atomic_load_n(&r->sring->rsp_event, __ATOMIC_RELAXED) <		\
	       new - old;								\
}											\
/* Asks to be told of the next request; 1 when one came meanwhile. */			\
static inline int hc_##name##_back_arm(struct hc_##name##_back_ring *r)			\
{											\
	__atomic_store_n(&r->sring->req_event, r->req_cons + 1, __ATOMIC_RELAXED);	\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);					\
	return __atomic_load_n(&r->sring->req_prod, __ATOMIC_ACQUIRE) != r->req_cons;	\
}											\
struct hc_##name##_back_ring

#define HC_DEFINE_RING(name, req_t, rsp_t)						\
	HC_DEFINE_RING_TYPES(name, req_t, rsp_t);					\
	HC_DEFINE_RING_FRONT(name, req_t, rsp_t);					\
	HC_DEFINE_RING_BACK(name, req_t, rsp_t)

#endif
