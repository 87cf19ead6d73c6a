// node --import ./test/chaos/skewed-clock.mjs: shifts the wall clock by CLOCK_SKEW_MS, but not the timers.
const skew = Number(process.env.CLOCK_SKEW_MS);
const RealDate = Date;

globalThis.Date = class SkewedDate extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + skew);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + skew;
  }
};
