/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runstates: how long each vcpu has been running, waiting for a processor
 * (what the guest calls steal time), blocked and offline; and the copy of these
 * numbers in guest memory.
 */
#include <hypercall/vcpu.h>

#include "hypercall/hypercall.h"
#include "sched/runqueue.h"

uint32_t runstate_when_off(const struct vcpu *v)
{
	uint32_t waiting = READ_ONCE(v->sched.waiting);

	if (waiting & (VCPU_WAIT_BLOCKED | VCPU_WAIT_POLL))
		return HC_RUNSTATE_BLOCKED;
	return waiting == VCPU_WAIT_CAP ? HC_RUNSTATE_RUNNABLE : HC_RUNSTATE_OFFLINE;
}

/*
 * Write the numbers as they stood at the last change.  If the guest asked for
 * it, HC_RUNSTATE_UPDATE tells readers on other vcpus that they are changing.
 */
static void write_numbers(struct hc_vcpu_runstate_info *info, const struct sched_vcpu *s, uint64_t changing)
{
	WRITE_ONCE(info->state_entry_time, s->state_since | changing);
	barrier();
	info->state = s->state;
	for (int i = 0; i < 4; i++)
		info->time[i] = s->state_time[i];
	barrier();
	if (changing)
		WRITE_ONCE(info->state_entry_time, s->state_since);
}

/* The same by pieces, for an area that crosses a page. */
static void write_split(struct guest_area *a, const struct sched_vcpu *s, uint64_t changing)
{
	const size_t since = offsetof(struct hc_vcpu_runstate_info, state_entry_time);
	struct hc_vcpu_runstate_info info = { 0 };

	write_numbers(&info, s, 0);
	info.state_entry_time |= changing;
	guest_area_write_parts(a, since, &info.state_entry_time, sizeof(info.state_entry_time));
	barrier();
	guest_area_write_parts(a, 0, &info, sizeof(info));
	barrier();
	info.state_entry_time = s->state_since;
	guest_area_write_parts(a, since, &info.state_entry_time, sizeof(info.state_entry_time));
}

void runstate_publish(struct vcpu *v)
{
	struct guest_area *a = &v->sched.runstate_area;
	uint64_t changing;

	if (!READ_ONCE(a->part[0]))
		return;
	changing = v->domain->vm_assist >> HC_VMASST_TYPE_RUNSTATE_UPDATE_FLAG & 1 ? HC_RUNSTATE_UPDATE : 0;
	spin_lock(&a->lock);
	if (likely(a->split >= sizeof(struct hc_vcpu_runstate_info)))
		write_numbers((void *)a->part[0], &v->sched, changing);
	else if (guest_area_present(a))
		write_split(a, &v->sched, changing);
	spin_unlock(&a->lock);
}

void sched_runstate(struct vcpu *v, uint32_t *state, uint64_t *since, uint64_t times[4])
{
	uint64_t now = time_now();
	struct runqueue *rq = runqueue_lock(v);

	*state = v->sched.state;
	*since = v->sched.state_since;
	for (int i = 0; i < 4; i++)
		times[i] = v->sched.state_time[i];
	if (now > *since)
		times[*state] += now - *since;
	spin_unlock(&rq->lock);
}

uint64_t vcpu_cpu_time(struct vcpu *v)
{
	uint64_t since, times[4];
	uint32_t state;

	sched_runstate(v, &state, &since, times);
	return times[HC_RUNSTATE_RUNNING];
}

long vcpu_register_runstate_area(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_register_runstate_memory_area op;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	rc = guest_area_set(&v->sched.runstate_area, op.addr.v,
			    sizeof(struct hc_vcpu_runstate_info));
	if (!rc)
		runstate_publish(v);
	return rc;
}

long vcpu_get_runstate(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_runstate_info info = { 0 };
	uint32_t state;

	sched_runstate(v, &state, &info.state_entry_time, info.time);
	info.state = state;
	return copy_to_guest(arg, &info, sizeof(info));
}
