/** The contrast that WCAG 2.2 requires of text at level AA (1.4.3). */
const REQUIRED = 4.5;

type Rgb = readonly [red: number, green: number, blue: number];

/** The contrast ratio of two colors as `#rrggbb`, from 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(rgbOf(one)), luminance(rgbOf(other))].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** White or black, whichever is readable on a color. White is preferred. One of them always has enough contrast. */
export function textOn(color: string): string {
  return contrast(color, '#ffffff') >= REQUIRED ? '#ffffff' : '#000000';
}

/** The color, mixed with as little of `toward` as makes it readable on all `grounds`. `toward` must be readable on them. */
export function readableOn(grounds: readonly string[], color: string, toward: '#ffffff' | '#000000'): string {
  for (let share = 0; share < 100; share += 4) {
    const candidate = mix(color, toward, share / 100);
    if (grounds.every((ground) => contrast(candidate, ground) >= REQUIRED)) return candidate;
  }
  return toward;
}

function mix(one: string, other: string, share: number): string {
  const to = rgbOf(other);
  const mixed = rgbOf(one).map((value, index) => Math.round(value + ((to[index] as number) - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function rgbOf(color: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Rgb;
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((value) => {
    const channel = value / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
