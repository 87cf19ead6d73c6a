/** Records the responses that clients received, and contradictions to them. */
export class Ledger {
  acknowledged = { registration: 0, login: 0, refresh: 0, logout: 0, 'password change': 0 };
  /** Number of responses by status; 0 stands for a failed connection. */
  statuses = {};
  lost = [];
  acceptedAfterLogout = [];
  falseReuse = [];
  unexpected = [];
  /** The longest time in milliseconds from a logout's 204 until an instance rejected the token. */
  slowestRefusalMs = 0;

  constructor(boundMs) {
    this.boundMs = boundMs;
  }

  acknowledge(what) {
    this.acknowledged[what] += 1;
  }

  answered(status) {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  /** @param sinceMs milliseconds from the logout's response to the sending of this request */
  tokenAccepted(where, sinceMs) {
    this.slowestRefusalMs = Math.max(this.slowestRefusalMs, sinceMs);
    if (sinceMs > this.boundMs) this.acceptedAfterLogout.push(`${where}: ${Math.round(sinceMs)} ms after logout`);
  }

  get serverErrors() {
    return Object.entries(this.statuses).filter(([status]) => Number(status) >= 500 && status !== '503');
  }

  /** @returns whether there are no contradictions */
  report() {
    console.log('acknowledged:', JSON.stringify(this.acknowledged));
    console.log('answers by status (0: connection failed):', JSON.stringify(this.statuses));
    console.log(`slowest refusal of a logged-out token: ${Math.round(this.slowestRefusalMs)} ms of ${this.boundMs}`);
    const faults = {
      'acknowledged writes lost': this.lost,
      'revoked tokens accepted past the bound': this.acceptedAfterLogout,
      'sessions ended as stolen': this.falseReuse,
      'server errors other than 503': this.serverErrors.map(([status, count]) => `${status}: ${count}`),
      'unexpected answers': this.unexpected,
    };
    for (const [name, list] of Object.entries(faults)) {
      console.log(`${name}: ${list.length}`);
      for (const one of list.slice(0, 5)) console.log(`  ${one}`);
    }
    return Object.values(faults).every((list) => list.length === 0);
  }
}
