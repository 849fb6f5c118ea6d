// Ticks that keep failing (31). The tick that would mail what is wrong is the one that fails, so the host tells it, by an issue
// and a mail of the plugin's form. The count lies outside of the plugin's state.

const KEY = 'tick-fails/host';
const TICKS = 3;
const SECONDS = 15 * 60;
const REMEDY = 'Ask customer care to read the log of GEGI\'s host.';

export class Failing {
  #count;

  // Counts a tick that failed; answers what is to be told, if it is time.
  failed(now, settings) {
    this.#count ??= { since: now, ticks: 0, told: false };
    this.#count.ticks += 1;
    if (this.#count.told || this.#count.ticks < TICKS || now - this.#count.since < SECONDS) return undefined;
    this.#count.told = true;
    const sentence = stopped(this.#count.since);
    const issue = { code: 'tick-fails', course: null, class: null, person: null, sentence, owner: 'gegi', remedy: REMEDY };
    return { operation: { tag: 'open-issue', val: { key: KEY, at: now, issue } }, message: mail(settings, [sentence], []) };
  }

  // A tick that returned ends the count; answers what is to be told, if it was told that ticks fail.
  returned(now, settings) {
    const ended = this.#count;
    this.#count = undefined;
    if (!ended?.told) return undefined;
    return { operation: { tag: 'resolve-issue', val: { key: KEY, at: now } }, message: mail(settings, [], [stopped(ended.since)]) };
  }
}

const stopped = (since) => `the synchronization with CourseKey stopped on ${new Date(since * 1000).toISOString()}`;

// A school without an address for such mails gets the issue alone.
function mail(settings, open, resolved) {
  const cells = (sentence) => Object.entries({ sentence, owner: 'gegi', remedy: REMEDY, code: 'tick-fails', title: 'synchronization stopped', course: '', class: '', person: '' });
  const variables = [
    ['school', { tag: 'text', val: settings.name }],
    ['open-count', { tag: 'number', val: open.length }],
    ['issues', { tag: 'rows', val: open.map(cells) }],
    ['resolved-count', { tag: 'number', val: resolved.length }],
    ['resolved', { tag: 'rows', val: resolved.map(cells) }],
  ];
  const recipient = settings['error-email'];
  return recipient ? { template: 'synchronization-issues', recipient, variables } : undefined;
}
