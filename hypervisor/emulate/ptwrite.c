/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores of the guest kernel into a live page table, which it has mapped
 * read-only.  The instruction's effect on the entry goes through the same
 * validation as a hypercall's; only its registers and flags are set here.
 *
 * All read-modify-write instructions end in one compare-and-exchange of the
 * entry: with or without a lock prefix they are atomic.  When another vcpu or
 * the processor's accessed and dirty bits win the race, the guest runs the
 * instruction again, so nobody can keep the hypervisor in a loop.
 */
#include "emulate/arithmetic.h"
#include "emulate/execute.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"

#define STRING_BATCH 64		/* entries of one rep stos or movs before interrupts get their turn */

static enum step store_result(int rc)
{
	if (likely(!rc))
		return STEP_DONE;
	return rc == -EAGAIN || rc == -ERESTART || rc == -EINTR ? STEP_AGAIN : STEP_REFUSED;
}

static inline uint64_t source_operand(const struct instruction *insn, const struct regs *regs)
{
	return insn->has_immediate ? insn->immediate :
				     register_get(regs, insn->reg, insn->size, insn->rex);
}

static enum step write_mov(struct vcpu *v, struct regs *regs, const struct instruction *insn,
			   uint64_t va)
{
	uint64_t value = source_operand(insn, regs);

	return store_result(pagetable_emulated_write(v, va, insn->size, value, NULL));
}

static enum step write_exchange(struct vcpu *v, struct regs *regs, const struct instruction *insn,
				uint64_t va)
{
	uint64_t value = register_get(regs, insn->reg, insn->size, insn->rex), old = 0;
	int rc;

	if (copy_from_guest(&old, va, insn->size))
		return STEP_REFUSED;
	if (insn->operation == OP_XADD) {
		uint64_t flags = regs->rflags;

		value = arithmetic(OP_ADD, insn->size, old, value, &flags);
		rc = pagetable_emulated_write(v, va, insn->size, value, &old);
		if (!rc)
			regs->rflags = flags;
	} else {
		rc = pagetable_emulated_write(v, va, insn->size, value, &old);
	}
	if (!rc)
		register_set(regs, insn->reg, insn->size, insn->rex, old);
	return store_result(rc);
}

static enum step write_compare_exchange(struct vcpu *v, struct regs *regs,
					const struct instruction *insn, uint64_t va)
{
	uint64_t expected = register_get(regs, REGISTER_RAX, insn->size, insn->rex);
	uint64_t found = expected;
	uint64_t value = register_get(regs, insn->reg, insn->size, insn->rex);
	int rc = pagetable_emulated_write(v, va, insn->size, value, &found);

	if (rc && rc != -EAGAIN)
		return store_result(rc);
	arithmetic(OP_CMP, insn->size, expected, found, &regs->rflags);
	if (rc)
		register_set(regs, REGISTER_RAX, insn->size, insn->rex, found);
	return STEP_DONE;
}

static enum step write_arithmetic(struct vcpu *v, struct regs *regs,
				  const struct instruction *insn, uint64_t va)
{
	uint64_t old = 0, flags = regs->rflags, value;
	int rc;

	if (copy_from_guest(&old, va, insn->size))
		return STEP_REFUSED;
	value = arithmetic(insn->operation, insn->size, old, source_operand(insn, regs), &flags);
	rc = pagetable_emulated_write(v, va, insn->size, value, &old);
	if (!rc)
		regs->rflags = flags;
	return store_result(rc);
}

/*
 * stos and movs, with or without rep; va is where rdi points.  A batch at a
 * time, and never past the end of this table: the next page is another's.
 */
static enum step write_string(struct vcpu *v, struct regs *regs, const struct instruction *insn,
			      uint64_t va)
{
	bool rep = insn->prefixes & (PREFIX_REP | PREFIX_REPNE);
	int64_t move = regs->rflags & RFLAGS_DF ? -(int64_t)insn->size : insn->size;
	uint64_t page = va & PAGE_MASK;

	if (insn->prefixes & PREFIX_ADDRESS_SIZE || va != regs->rdi)
		return STEP_REFUSED;
	if (rep && !regs->rcx)
		return STEP_DONE;
	for (unsigned int i = 0; i < STRING_BATCH; i++) {
		uint64_t value = regs->rax;
		int rc;

		if (insn->operation == OP_MOVS) {
			value = 0;
			if (copy_from_guest(&value, regs->rsi, insn->size)) {
				execute_inject_access_fault(v, regs, regs->rsi, false);
				return STEP_EXCEPTION;
			}
		}
		rc = pagetable_emulated_write(v, regs->rdi, insn->size, value, NULL);
		if (rc)
			return i ? STEP_AGAIN : store_result(rc);
		regs->rdi += move;
		if (insn->operation == OP_MOVS)
			regs->rsi += move;
		if (!rep || !--regs->rcx)
			return STEP_DONE;
		if ((regs->rdi & PAGE_MASK) != page || (regs->rdi & 7) + insn->size > 8)
			break;
	}
	return STEP_AGAIN;
}

/* Address that the instruction writes: bts and its like reach beyond the operand's own. */
static uint64_t write_address(const struct instruction *insn, const struct regs *regs)
{
	uint64_t address = instruction_address(insn, regs);
	int64_t bit;
	unsigned int shift = 64 - 8 * insn->size;

	if (insn->operation < OP_BTS || insn->operation > OP_BTC || insn->has_immediate)
		return address;
	bit = (int64_t)(register_get(regs, insn->reg, insn->size, insn->rex) << shift) >> shift;
	return address + (bit >> (3 + __builtin_ctz(insn->size))) * insn->size;
}

static enum step execute(struct vcpu *v, struct regs *regs, const struct instruction *insn,
			 uint64_t va)
{
	/* An entry lies within eight aligned bytes; fs and gs are not how kernels reach tables. */
	if ((va & 7) + insn->size > 8 || insn->prefixes & (PREFIX_FS | PREFIX_GS))
		return STEP_REFUSED;
	if (insn->operation == OP_STOS || insn->operation == OP_MOVS)
		return write_string(v, regs, insn, va);
	/* The faulting access must be this one, not another of an instruction changed meanwhile. */
	if (!insn->memory || write_address(insn, regs) != va)
		return STEP_REFUSED;
	switch (insn->operation) {
	case OP_MOV:
		return write_mov(v, regs, insn, va);
	case OP_XCHG:
	case OP_XADD:
		return write_exchange(v, regs, insn, va);
	case OP_CMPXCHG:
		return write_compare_exchange(v, regs, insn, va);
	case OP_ADD ... OP_XOR:
	case OP_INC ... OP_BTC:
		return write_arithmetic(v, regs, insn, va);
	default:
		return STEP_REFUSED;
	}
}

/*
 * The stores that a kernel makes by the thousand have three forms, all to an
 * address in a register: xchg and mov of a whole register (munmap), and lock
 * andb of an immediate (fork).  They are told by their first bytes.  Whatever
 * is not exactly one of them goes the long way, which starts afresh.
 */
#define BYTE(code, n) ((uint8_t)((code) >> 8 * (n)))

/* ModRM means "the address is in a register", and that register holds va. */
static inline bool points_to(struct regs *regs, uint8_t modrm, uint8_t rex, uint64_t va)
{
	unsigned int base = modrm & 7;

	return modrm < 0x40 && base != 4 && base != 5 &&
	       *register_slot(regs, base | (rex & 1) << 3) == va;
}

/*
 * True: it was one of these and *rc says how it ended; length is the
 * instruction's.  Flags and registers are set.
 */
static inline bool write_fast(struct vcpu *v, struct regs *regs, uint64_t va, mfn_t table,
			      unsigned int *length, int *rc)
{
	uint64_t code, old;
	uint8_t rex, result;

	if ((regs->rip & ~PAGE_MASK) > PAGE_SIZE - sizeof(code) ||
	    regs->cs != HC_FLAT_RING3_CS64 || guest_read64(&code, regs->rip))
		return false;
	rex = BYTE(code, 0);
	if ((rex & 0xfa) == 0x48 && !(va & 7) && points_to(regs, BYTE(code, 2), rex, va)) {
		uint64_t *slot = register_slot(regs, (BYTE(code, 2) >> 3 & 7) | (rex & 4) << 1);

		if (BYTE(code, 1) != 0x87 && BYTE(code, 1) != 0x89)
			return false;
		*length = 3;
		*rc = pagetable_exchange(v, table, va, *slot, &old);
		if (!*rc && BYTE(code, 1) == 0x87)
			*slot = old;
		return *rc != -ENOENT;
	}
	if (rex != 0xf0)
		return false;
	/* lock, perhaps with a REX byte for the upper registers */
	code >>= 8;
	rex = BYTE(code, 0) == 0x41;
	code >>= rex * 8;
	if (BYTE(code, 0) != 0x80 || (BYTE(code, 1) & 0x38) != 0x20 ||
	    !points_to(regs, BYTE(code, 1), rex, va))
		return false;
	*length = 4 + rex;
	*rc = pagetable_and(v, table, va, BYTE(code, 2), &result);
	if (!*rc)
		regs->rflags = (regs->rflags & ~RFLAGS_STATUS) | arithmetic_result_flags(result, 8);
	return *rc != -ENOENT;
}

static __noinline enum emulate_result write_slow(struct vcpu *v, struct regs *regs, uint64_t va, mfn_t table)
{
	struct instruction insn;
	enum emulate_result result;

	if (!pagetable_is_live(v->domain, table))
		return EMULATE_UNHANDLED;
	result = execute_fetch(v, regs, &insn);
	if (unlikely(result != EMULATE_DONE))
		return result;
	return execute_finish(v, regs, insn.length, execute(v, regs, &insn, va));
}

enum emulate_result emulate_pagetable_write(struct vcpu *v, struct regs *regs, uint64_t va,
					    mfn_t table)
{
	unsigned int length;
	int rc;

	if (unlikely(!write_fast(v, regs, va, table, &length, &rc)))
		return write_slow(v, regs, va, table);
	return execute_finish(v, regs, length, store_result(rc));
}
