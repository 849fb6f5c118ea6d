// One school of a small host: its state, its outboxes, its note of an aborted tick, and the rules of `wit/HOST.md` about
// them. Numbers in comments are the numbers of the duties there. Everything is kept in memory; a real host keeps state,
// outboxes, pushes that were taken and the note on a disk.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { closedDoor, openDoor } from './door.mjs';
import { Failing } from './failing.mjs';
import { toComponent, toJson } from './form.mjs';

const MIB = 1 << 20;
const LIMITS = { keyBytes: 512, valueBytes: MIB, entries: 10_000, readBytes: 32 * MIB, changes: 100_000, operations: 50_000 };
const STATE = { bytes: 512 * MIB, keys: 2_000_000 };
const MAILS_OF_AN_HOUR = 60;
const WEEK = 7 * 24 * 3600;

// 28: by bytes. JavaScript compares UTF-16.
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const same = (a, b) => a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);
const tooMuch = (what) => ({ tag: 'too-much', val: `at most ${what}` });

// GEGI does not answer (8). It is a value that the component is given, not an Error, which would be a trap.
export class Unavailable extends Error {}

export class School {
  #state = new Map();
  #records = [];
  #mails = [];
  #mailedAt = [];
  #pushes = new Map();
  #note; // 11: { note, times }
  #failing = new Failing();
  #sequence = 0;

  // `gegi` answers and receives, `instantiate` makes a fresh instance, `leaves` hears of each request, `fault` is a duty to
  // break.
  constructor({ gegi, keys, pushKeys, route, leaves, instantiate, fault }) {
    Object.assign(this, { gegi, keys, pushKeys, route, leaves, instantiate, fault });
  }

  // 1 and 2: one call is one fresh instance and one transaction.
  call(name, now, ...input) {
    return this.#call(name, now, input);
  }

  // 18 to 20: a push as it came, at the endpoint of `campus`.
  push(now, campus, push) {
    const body = Buffer.from(push.body);
    // A host that tries the keys of all campuses believes that any of them may speak for this one.
    const keys = this.fault === 'push-without-campus' ? Object.values(this.pushKeys) : [this.pushKeys[campus]];
    if (body.length > MIB) return { refused: 'too large' };
    if (!keys.some((key) => key && isSigned(push, body, key))) return { refused: 'no key of the campus signed it' };
    if (!(Math.abs(now - Number(push['webhook-timestamp'])) <= 300)) return { refused: 'signed too long ago, or in the future' };
    const id = createHash('sha256').update(JSON.stringify([campus, push['webhook-id']])).update(body).digest('hex');
    for (const [known, at] of this.#pushes) if (at < now - WEEK) this.#pushes.delete(known);
    if (this.#pushes.has(id)) return { repeated: true };
    return this.#call('on-attendance-received', now, [campus, body], () => this.#pushes.set(id, now));
  }

  #call(name, now, input, alsoCommit = () => {}) {
    const isTick = name === 'on-tick';
    let settings;
    try {
      settings = this.gegi.settings(); // 7
    } catch (error) {
      if (error instanceof Unavailable) return { err: { tag: 'unavailable', val: error.message } };
      throw error;
    }
    const before = this.#note;
    // 4: the state as it is now; committed maps are replaced and never changed.
    const unit = { snapshot: this.#state, staged: new Map(), changes: 0, operations: [], mails: [], note: undefined, before, isTick, now };
    let answer;
    try {
      const root = this.instantiate(this.#imports(unit, settings));
      answer = toJson(root.integration[camelOf(name)](...input.map((value) => (Buffer.isBuffer(value) ? value : toComponent(value)))));
    } catch (error) {
      const refusal = error?.payload && toJson(error.payload);
      if (isTick) {
        this.#afterFailedTick(unit, refusal);
        if (refusal?.tag !== 'unavailable') this.#tell(this.#failing.failed(now, settings));
      }
      return refusal ? { err: refusal } : { aborted: String(error?.message ?? error) };
    }
    if (isTick) this.#note = undefined; // 11
    if (!this.#commit(unit)) return { conflict: true };
    alsoCommit();
    if (isTick) this.#tell(this.#failing.returned(now, settings));
    return { ok: answer };
  }

  // 31: what the host itself tells, through the outboxes of the component's own records and mails.
  #tell(told) {
    if (!told || this.fault === 'failures-not-told') return;
    this.#records.push({ id: `record-${++this.#sequence}`, operation: told.operation });
    if (told.message) this.#mails.push({ id: `mail-${++this.#sequence}`, message: told.message });
  }

  // 11 and 12: the note stays if the tick was aborted, and goes otherwise.
  #afterFailedTick({ note, before }, refusal) {
    const isAbort = refusal === undefined || refusal.tag === 'too-much';
    if (!isAbort) this.#note = undefined;
    else if (note === undefined) this.#leave('', before);
  }

  #leave(note, before) {
    this.#note = note === undefined ? undefined : { note, times: (before?.note === note ? before.times : 0) + 1 };
  }

  #commit({ snapshot, staged, operations, mails, isTick, now }) {
    const state = new Map(this.#state);
    for (const [key, value] of staged) {
      // 5: a tick gives way to what a short call wrote while it ran.
      const isOutdated = isTick && !same(this.#state.get(key), snapshot.get(key));
      if (isOutdated && this.fault !== 'last-writer-wins') {
        if (value !== undefined) return false;
      } else if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    this.#state = state;
    for (const operation of operations) this.#records.push({ id: `record-${++this.#sequence}`, operation });
    for (const message of mails) this.#mails.push({ id: `mail-${++this.#sequence}`, message });
    this.#mailedAt = [...this.#mailedAt.filter((at) => at > now - 3600), ...mails.map(() => now)];
    return true;
  }

  // 21 and 27: in order, at least once, each with its id.
  deliver() {
    try {
      for (; this.#records.length > 0; this.#records.shift()) {
        if (this.fault === 'new-id-at-each-attempt') this.#records[0].id = `record-${++this.#sequence}`;
        this.gegi.takeRecord(this.#records[0]);
      }
      for (; this.#mails.length > 0; this.#mails.shift()) this.gegi.takeMail(this.#mails[0]);
      return { ok: null };
    } catch (error) {
      if (error instanceof Unavailable) return { err: { tag: 'unavailable', val: error.message } };
      throw error;
    }
  }

  state() {
    return [...this.#state].sort(([a], [b]) => byBytes(a, b)).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  }

  #imports(unit, settings) {
    const { types, outgoingHandler } = unit.isTick ? openDoor({ ...this, settings }) : closedDoor; // 14
    // 8: an outage is an answer. A host that lets the call die of it has courses set aside that are right.
    const asked = (answer) => {
      try {
        return answer();
      } catch (error) {
        if (error instanceof Unavailable && this.fault !== 'outage-counted-as-abort') throw { tag: 'unavailable', val: error.message };
        throw error;
      }
    };
    return {
      'wasi:clocks/wall-clock': { now: () => ({ seconds: BigInt(unit.now), nanoseconds: 0 }) }, // 9
      'wasi:http/types': types,
      'wasi:http/outgoing-handler': outgoingHandler,
      'gegi:coursekey/school': {
        settings: () => toComponent(this.fault === 'settings-read-again' ? this.gegi.settings() : settings),
        courses: (after, limit) => asked(() => this.gegi.courses(after, Math.min(limit, 1000))),
        getCourse: (id) => asked(() => toComponent(this.gegi.course(id))),
      },
      'gegi:coursekey/state': this.#stateImports(unit),
      'gegi:coursekey/records': {
        currentMarks: (of) => asked(() => this.#marks(of, unit)),
        stage(operations) {
          if (unit.operations.length + operations.length > LIMITS.operations) throw { tag: 'too-many', val: LIMITS.operations };
          unit.operations.push(...operations.map(toJson));
        },
      },
      'gegi:coursekey/email': {
        queue: (message) => {
          const mailed = this.#mailedAt.filter((at) => at > unit.now - 3600).length + unit.mails.length;
          if (mailed >= MAILS_OF_AN_HOUR) throw { tag: 'quota-exceeded' };
          unit.mails.push(toJson(message));
        },
      },
    };
  }

  #stateImports(unit) {
    const get = (key) => (unit.staged.has(key) ? unit.staged.get(key) : unit.snapshot.get(key));
    const bounded = (values) => {
      if (values.reduce((sum, value) => sum + (value?.length ?? 0), 0) > LIMITS.readBytes) throw tooMuch('32 MiB a read');
    };
    const usage = () => {
      const held = new Map([...unit.snapshot, ...unit.staged].filter(([key]) => get(key) !== undefined).map(([key]) => [key, get(key)]));
      const bytes = [...held].reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + value.length, 0);
      return { bytes, mostBytes: STATE.bytes, keys: held.size, mostKeys: STATE.keys };
    };
    return {
      getMany(keys) {
        if (keys.length > LIMITS.entries) throw tooMuch('10,000 keys a read');
        const values = keys.map(get);
        bounded(values);
        return values;
      },
      // 28 and 29
      scan(prefix, after, limit) {
        if (limit > LIMITS.entries) throw tooMuch('10,000 entries a read');
        const keys = new Set([...unit.snapshot.keys(), ...unit.staged.keys()]);
        const found = [...keys].filter((key) => key.startsWith(prefix) && get(key) !== undefined && (after === undefined || byBytes(key, after) > 0));
        const entries = found.sort(byBytes).slice(0, limit).map((key) => [key, get(key)]);
        bounded(entries.map(([, value]) => value));
        return entries;
      },
      apply(changes) {
        const written = changes.map(({ tag, val }) => (tag === 'put' ? [val[0], Uint8Array.from(val[1])] : [val, undefined]));
        for (const [key, value] of written) {
          const length = Buffer.byteLength(key);
          if (length === 0 || length > LIMITS.keyBytes) throw { tag: 'bad-key', val: LIMITS.keyBytes };
          if (value?.length > LIMITS.valueBytes) throw { tag: 'value-too-large', val: LIMITS.valueBytes };
        }
        unit.changes += written.length;
        if (unit.changes > LIMITS.changes) throw tooMuch('100,000 changes a call');
        for (const [key, value] of written) unit.staged.set(key, value);
        const { bytes, keys } = usage();
        if (bytes > STATE.bytes || keys > STATE.keys) throw { tag: 'quota-exceeded', val: STATE.bytes };
      },
      getUsage: usage, // 30
      // 11: durable at once.
      breadcrumb: (note) => {
        if (!unit.isTick || note === unit.note) return;
        unit.note = note;
        this.#leave(note, unit.before);
      },
      // 13
      lastAborted: () => {
        if (!unit.isTick || this.fault === 'abort-not-noted') return undefined;
        // A host that tells of notes alone forgets the ticks that were aborted before they left one.
        return this.fault === 'full-budget-after-abort' && !unit.before?.note ? undefined : unit.before;
      },
    };
  }

  // 24: what GEGI will hold. The outbox is read before GEGI, so that no operation is in neither.
  #marks(of, unit) {
    const outbox = this.fault === 'marks-without-outbox' ? [] : this.#records;
    const underWay = [...outbox.map(({ operation }) => operation), ...unit.operations];
    const marks = new Map(this.gegi.marks(of).map((mark) => [mark.student, mark]));
    for (const { tag, val } of underWay.filter(({ val }) => val.class === of)) {
      if (tag === 'set-mark') marks.set(val.student, { student: val.student, mark: val.mark, origin: 'coursekey' });
      if (tag === 'withdraw-mark') marks.delete(val.student);
    }
    return [...marks.values()].sort((a, b) => byBytes(a.student, b.student));
  }
}

const camelOf = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

// 18: Standard Webhooks, over the bytes as they came.
function isSigned(push, body, key) {
  const signed = createHmac('sha256', Buffer.from(key, 'base64'));
  const expected = signed.update(`${push['webhook-id']}.${push['webhook-timestamp']}.`).update(body).digest();
  return push['webhook-signature'].split(' ').some((signature) => {
    const [version, given] = signature.split(',');
    const bytes = Buffer.from(given ?? '', 'base64');
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}
