// A channel for tests: linked when the file scanned lies beside openclaw.json, as a phone's scan would have it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { renderQrPngDataUrl } from "openclaw/plugin-sdk/media-runtime";

const scanned = () => existsSync(join(process.env.OPENCLAW_STATE_DIR, "scanned"));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let codes = 0;

const plugin = {
  id: "phone",
  meta: { id: "phone", label: "Phone", selectionLabel: "Phone", docsPath: "/", blurb: "Linked by a QR code." },
  capabilities: { chatTypes: ["direct"] },
  config: {
    listAccountIds: () => ["default"],
    resolveAccount: () => ({ accountId: "default", enabled: true }),
    isConfigured: () => true,
    inspectAccount: () => ({ enabled: true, configured: true }),
  },
  status: {
    buildAccountSnapshot: ({ account, runtime }) => ({
      ...runtime, accountId: account.accountId, enabled: true, configured: true, linked: scanned(),
    }),
  },
  gatewayMethods: ["web.login.start", "web.login.wait"],
  gateway: {
    startAccount: ({ abortSignal, setStatus }) =>
      new Promise((resolve) => {
        setStatus({ accountId: "default", running: true, connected: scanned() });
        abortSignal.addEventListener("abort", resolve);
      }),
    loginWithQrStart: async () => ({ message: "Scan this", qrDataUrl: await renderQrPngDataUrl(`code ${++codes}`) }),
    loginWithQrWait: async ({ timeoutMs }) => {
      for (const end = Date.now() + timeoutMs; Date.now() < end && !scanned(); ) await pause(200);
      return { connected: scanned(), message: scanned() ? "Linked" : "Still waiting" };
    },
  },
};

export default { id: "phone", name: "Phone", description: "", configSchema: { type: "object" },
  register: (api) => api.registerChannel({ plugin }) };
