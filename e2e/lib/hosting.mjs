// What hosts and guests do in the meeting's pages, and guests that do not play by the rules.
import assert from 'node:assert/strict';
import AxeBuilder from '@axe-core/playwright';
import { io } from 'socket.io-client';
import { control } from './browser.mjs';
import { until } from './server.mjs';

export const isOn = async (page, name) => (await control(page, name).getAttribute('aria-pressed')) === 'true';

export async function openPanel(page, name) {
  if (!(await isOn(page, name))) await control(page, name).click();
}

/** Opens the menu of one person in the list of participants and chooses something. */
export async function act(page, person, item) {
  await openPanel(page, 'Participants');
  await page.getByRole('button', { name: `Actions for ${person}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: item, exact: true }).click();
}

/** Opens a dialog from the menu "More". */
export async function more(page, item) {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: item, exact: true }).click();
  await page.getByRole('dialog', { name: item }).waitFor();
}

/** Turns a switch of the room's settings. */
export async function setting(page, name) {
  await more(page, 'Meeting settings');
  const toggle = page.getByRole('switch', { name });
  const before = await toggle.isChecked();
  await toggle.click();
  await until(`${name} is changed`, async () => (await toggle.isChecked()) !== before);
  await page.keyboard.press('Escape');
}

/** Types a command into the chat and sends it, by keyboard alone. */
export async function command(page, text) {
  await openPanel(page, 'Chat');
  const box = page.getByRole('textbox', { name: 'Message' });
  await box.waitFor();
  await box.fill('');
  await box.pressSequentially(text);
  // The list may offer to go on; what is written in full is sent as it is.
  await page.keyboard.press('Escape');
  if (!(await box.isVisible())) {
    // There was no list to close, so it closed the panel: what was written is still there.
    await openPanel(page, 'Chat');
    await box.waitFor();
  }
  await box.focus();
  await page.keyboard.press('Enter');
}

/** Opens the pre-join page and asks to be let in. */
export async function knock(context, server, room, name) {
  const page = await context.newPage();
  await page.goto(`${server.url}/r/${room}?lang=en`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await page.getByRole('button', { name: 'Join now' }).click();
  await page.getByRole('heading', { name: 'Waiting for the host to let you in' }).waitFor();
  return page;
}

/** What is heard in a page grows: the energy of its incoming sound, and the packets. */
export function sound(page) {
  return page.evaluate(async () => {
    const sum = { energy: 0, packets: 0 };
    for (const peer of window.testPeers.filter((peer) => peer.connectionState === 'connected')) {
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== 'inbound-rtp' || report.kind !== 'audio') continue;
        sum.energy += report.totalAudioEnergy ?? 0;
        sum.packets += report.packetsReceived ?? 0;
      }
    }
    return sum;
  });
}

export async function hears(page, milliseconds = 20_000) {
  const before = await sound(page);
  await until('sound arrives', async () => {
    const now = await sound(page);
    return now.energy > before.energy + 1e-6 && now.packets > before.packets + 10;
  }, milliseconds);
}

/** Nothing is heard for some time, after what was on the way has arrived. */
export async function hearsNothing(page, milliseconds = 20_000) {
  await until('it becomes quiet', async () => {
    const before = await sound(page);
    await page.waitForTimeout(2_500);
    const now = await sound(page);
    return now.energy - before.energy < 1e-6;
  }, milliseconds);
}

/** A page that goes on sending whatever it is told: nothing it sends is ever stopped or taken away. */
export async function cheats(context) {
  await context.addInitScript(() => {
    const replace = RTCRtpSender.prototype.replaceTrack;
    RTCRtpSender.prototype.replaceTrack = function (track) {
      return track ? replace.call(this, track) : Promise.resolve();
    };
    MediaStreamTrack.prototype.stop = () => undefined;
    Object.defineProperty(MediaStreamTrack.prototype, 'enabled', { get: () => true, set() {} });
    const direction = Object.getOwnPropertyDescriptor(RTCRtpTransceiver.prototype, 'direction');
    Object.defineProperty(RTCRtpTransceiver.prototype, 'direction', {
      ...direction,
      set(value) {
        direction.set.call(this, this.sender.track ? 'sendrecv' : value);
      },
    });
  });
}

/** A guest that speaks the protocol itself. */
export class Guest {
  static async join(server, room, name) {
    const guest = new Guest();
    guest.events = [];
    guest.socket = io(`${server.url}/meet`, { rejectUnauthorized: false, transports: ['websocket'], forceNew: true });
    guest.socket.onAny((event, data) => guest.events.push({ event, data }));
    await new Promise((done, failed) => guest.socket.on('connect', done).on('connect_error', failed));
    const media = { mic: false, camera: false, screen: false, screenAudio: false };
    guest.joined = (await guest.ask('join', { version: { major: 1, minor: 2 }, room, name, media })).ok;
    assert.ok(guest.joined, 'the guest joins');
    return guest;
  }

  ask(event, data) {
    return this.socket.timeout(5_000).emitWithAck(event, data);
  }

  close() {
    this.socket.close();
  }
}

/** No violation that axe calls serious or critical. */
export async function accessible(page, view) {
  await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
}

