import type { Locator, Page } from 'playwright-core';

/** Swagger UI at /docs, as a reader uses it. */
export class SwaggerPage {
  constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  async open(): Promise<void> {
    await this.page.goto(`${this.url}/docs`);
    await this.page.locator('.opblock').first().waitFor();
  }

  /** @param id the tag and the operation id, as in the URL: `Auth-login` */
  operation(id: string): Locator {
    return this.page.locator(`[id="operations-${id}"]`);
  }

  async expand(id: string): Promise<Locator> {
    const operation = this.operation(id);
    if (!(await operation.locator('.opblock-body').isVisible())) {
      await operation.locator('.opblock-summary-control').dispatchEvent('click');
    }
    await operation.locator('.execute').waitFor();
    return operation;
  }

  /** Presses "Execute". @returns the status of the response, as the page shows it */
  async execute(id: string, body?: object): Promise<number> {
    const operation = await this.expand(id);
    if (body) await operation.locator('textarea').fill(JSON.stringify(body));
    const clear = operation.locator('.btn-clear');
    if (await clear.isVisible()) await clear.dispatchEvent('click');
    await operation.locator('.execute').click();
    const status = operation.locator('.live-responses-table .response .response-col_status').first();
    return Number.parseInt((await status.textContent()) ?? '', 10);
  }

  async bodyOf(id: string): Promise<Record<string, unknown>> {
    const operation = await this.expand(id);
    return JSON.parse(await operation.locator('textarea').inputValue());
  }

  /** What the page says about the login. */
  session(): Promise<string | null> {
    return this.page.locator('#session').textContent();
  }

  /** Whether the page is wider than the screen. */
  overflows(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  }
}
