import type { ReceivedTrack, StatsDetail } from '@kaigi/client';

/** What a figure is, and so how it is written. */
export type Unit = 'bitrate' | 'share' | 'milliseconds' | 'frames' | 'lines';

/** One plot: `values` go with the samples; undefined where there was nothing to say. */
export interface Series {
  name: SeriesName;
  unit: Unit;
  values: readonly (number | undefined)[];
  /** A word about the newest value, where the number alone says too little. */
  note?: Note;
}

export type SeriesName =
  | 'sending'
  | 'receiving'
  | 'estimate'
  | 'roundTrip'
  | 'lossIn'
  | 'lossOut'
  | 'sentFrames'
  | 'sentHeight'
  | 'pictureBitrate'
  | 'pictureFrames'
  | 'pictureHeight'
  | 'pictureLoss'
  | 'pictureJitter'
  | 'soundBitrate'
  | 'soundLoss'
  | 'soundJitter'
  | 'soundConcealed'
  | 'screenBitrate'
  | 'screenFrames'
  | 'screenHeight'
  | 'screenLoss';

export interface Note {
  width: number;
  height: number;
  codec?: string;
  /** Which simulcast layer it is, by its size. */
  layer?: Layer;
}

export type Layer = 'small' | 'medium' | 'large';

/** Our own layers are 180, 360 and 720 lines high; cameras that give something else come near one of them. */
export function layerOf(height: number): Layer {
  if (height <= 240) return 'small';
  return height <= 480 ? 'medium' : 'large';
}

type Read = (sample: StatsDetail) => number | undefined;

/** What goes through all connections together. */
export function ownSeries(samples: readonly StatsDetail[]): Series[] {
  const sum =
    (read: (connection: StatsDetail['connections'][number]) => number): Read =>
    ({ connections }) =>
      connections.length > 0 ? connections.reduce((total, one) => total + read(one), 0) : undefined;
  const most =
    (read: (connection: StatsDetail['connections'][number]) => number | undefined): Read =>
    ({ connections }) =>
      largest(connections.map(read));
  const pictures = ({ connections }: StatsDetail) =>
    connections.flatMap(({ sent }) =>
      sent.filter(({ source }) => source === 'camera' || source === 'screen'),
    );
  const all: Series[] = [
    series(
      'sending',
      'bitrate',
      samples,
      sum((one) => one.sendBitrate),
    ),
    series(
      'receiving',
      'bitrate',
      samples,
      sum((one) => one.receiveBitrate),
    ),
    series(
      'estimate',
      'bitrate',
      samples,
      most((one) => one.availableSendBitrate),
    ),
    series(
      'roundTrip',
      'milliseconds',
      samples,
      most((one) => one.roundTripMs),
    ),
    series(
      'lossIn',
      'share',
      samples,
      most((one) => one.receiveLoss),
    ),
    series(
      'lossOut',
      'share',
      samples,
      most((one) => one.sendLoss),
    ),
    series('sentFrames', 'frames', samples, (sample) =>
      largest(pictures(sample).map(({ framesPerSecond }) => framesPerSecond)),
    ),
    series('sentHeight', 'lines', samples, (sample) => largest(pictures(sample).map(({ height }) => height))),
  ];
  const last = samples.at(-1);
  const biggest =
    last &&
    pictures(last).reduce<ReturnType<typeof pictures>[number] | undefined>(
      (best, one) => ((one.height ?? 0) > (best?.height ?? 0) ? one : best),
      undefined,
    );
  return known(all).map((one) => (one.name === 'sentHeight' ? withNote(one, biggest, false) : one));
}

/** What comes of one participant. */
export function participantSeries(samples: readonly StatsDetail[], participant: string): Series[] {
  const track = (source: ReceivedTrack['source']) => (sample: StatsDetail) =>
    sample.received.find((one) => one.participant === participant && one.source === source);
  const of =
    (source: ReceivedTrack['source'], read: (track: ReceivedTrack) => number | undefined): Read =>
    (sample) => {
      const found = track(source)(sample);
      return found && read(found);
    };
  const roundTrip: Read = ({ connections, received }) => {
    const by = received.find((one) => one.participant === participant)?.connection;
    return connections.find(({ connection }) => connection === by)?.roundTripMs;
  };
  const all: Series[] = [
    series(
      'pictureBitrate',
      'bitrate',
      samples,
      of('camera', (one) => one.bitrate),
    ),
    series(
      'pictureFrames',
      'frames',
      samples,
      of('camera', (one) => one.framesPerSecond),
    ),
    series(
      'pictureHeight',
      'lines',
      samples,
      of('camera', (one) => one.height),
    ),
    series(
      'pictureLoss',
      'share',
      samples,
      of('camera', (one) => one.loss),
    ),
    series(
      'pictureJitter',
      'milliseconds',
      samples,
      of('camera', (one) => one.jitterMs),
    ),
    series(
      'soundBitrate',
      'bitrate',
      samples,
      of('mic', (one) => one.bitrate),
    ),
    series(
      'soundLoss',
      'share',
      samples,
      of('mic', (one) => one.loss),
    ),
    series(
      'soundJitter',
      'milliseconds',
      samples,
      of('mic', (one) => one.jitterMs),
    ),
    series(
      'soundConcealed',
      'share',
      samples,
      of('mic', (one) => one.concealed),
    ),
    series(
      'screenBitrate',
      'bitrate',
      samples,
      of('screen', (one) => one.bitrate),
    ),
    series(
      'screenFrames',
      'frames',
      samples,
      of('screen', (one) => one.framesPerSecond),
    ),
    series(
      'screenHeight',
      'lines',
      samples,
      of('screen', (one) => one.height),
    ),
    series(
      'screenLoss',
      'share',
      samples,
      of('screen', (one) => one.loss),
    ),
    series('roundTrip', 'milliseconds', samples, roundTrip),
  ];
  const last = samples.at(-1);
  return known(all).map((one) => {
    if (!last) return one;
    const camera = track('camera')(last);
    // The layers are the server's to choose; a direct picture has none.
    if (one.name === 'pictureHeight') return withNote(one, camera, camera?.connection === 'server');
    return one.name === 'screenHeight' ? withNote(one, track('screen')(last), false) : one;
  });
}

/** The smallest, the largest and the newest of what is known; undefined where nothing is. */
export function extremes(
  values: readonly (number | undefined)[],
): { now: number | undefined; least: number; most: number } | undefined {
  const found = values.filter((value) => value !== undefined);
  if (found.length === 0) return undefined;
  return { now: values.at(-1), least: Math.min(...found), most: Math.max(...found) };
}

function series(name: SeriesName, unit: Unit, samples: readonly StatsDetail[], read: Read): Series {
  return { name, unit, values: samples.map(read) };
}

/** Without the plots that would be empty. */
function known(all: readonly Series[]): Series[] {
  return all.filter(({ values }) => values.some((value) => value !== undefined));
}

function withNote(
  one: Series,
  picture: { width?: number; height?: number; codec?: string } | undefined,
  layered: boolean,
): Series {
  const { width, height, codec } = picture ?? {};
  if (width === undefined || height === undefined) return one;
  const layer = layered ? { layer: layerOf(height) } : {};
  return { ...one, note: { width, height, ...(codec === undefined ? {} : { codec }), ...layer } };
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length > 0 ? Math.max(...found) : undefined;
}
