// The only way out (duties 14 to 17): takes the component's requests, decides by School Settings whether they may leave, and
// puts the campus's key where the component named the campus. The requests themselves are preview2-shim's.

import { http } from '@bytecodealliance/preview2-shim';

const { types, outgoingHandler } = http;
const KEPT = ['accept', 'content-type', 'user-agent'];
const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (text) => new TextEncoder().encode(text);

// `wasi:http` of a call without a network: every request is denied, which the component is told as an answer.
const denied = () => {
  throw { tag: 'HTTP-request-denied' };
};
export const closedDoor = { types, outgoingHandler: { handle: denied } };

// `wasi:http` of a tick. `leaves` is told of each request that is about to leave. `route` says to which address a name
// leads, as a resolver would, so that a name can lead to a server of this machine.
export function openDoor({ settings, keys, route, leaves, fault }) {
  const base = new URL(settings['coursekey-url']);
  const known = new WeakMap();

  // The request that leaves is made of other headers than those that the component wrote.
  class OutgoingRequest extends types.OutgoingRequest {
    constructor(fields) {
      const written = fields.entries().map(([name, value]) => [name.toLowerCase(), text(value)]);
      const campus = settings.campuses.find(({ id }) => written.some(([name, value]) => name === 'gegi-campus' && value === id));
      const key = campus && keys[campus.id];
      const kept = fault === 'headers-leaked' ? written : written.filter(([name]) => KEPT.includes(name));
      if (key) kept.push(['authorization', `Bearer ${key}`]);
      super(types.Fields.fromList(kept.map(([name, value]) => [name, bytes(value)])));
      known.set(this, key && campus);
    }
  }

  const handle = (request, options) => {
    const campus = known.get(request);
    const [path] = (request.pathWithQuery() ?? '').split('?');
    if (!campus || !mayLeave(request, path, campus, base)) denied();
    leaves({ method: request.method().tag.toUpperCase(), path });
    const address = route[base.host];
    if (address) {
      request.setScheme({ tag: 'HTTP' });
      request.setAuthority(address);
    }
    return outgoingHandler.handle(request, options);
  };
  return { types: { ...types, OutgoingRequest }, outgoingHandler: { handle } };
}

function mayLeave(request, path, campus, base) {
  const granted = `${base.pathname.replace(/\/$/, '')}/schools/${campus['coursekey-school-id']}`;
  const below = path.startsWith(granted) ? path.slice(granted.length) : undefined;
  const plain = (segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && !/^\.+$/.test(segment);
  return (
    ['get', 'put'].includes(request.method().tag) &&
    request.scheme()?.tag === base.protocol.replace(':', '').toUpperCase() &&
    request.authority() === base.host &&
    (below === '' || (below?.startsWith('/') && below.slice(1).split('/').every(plain)))
  );
}
