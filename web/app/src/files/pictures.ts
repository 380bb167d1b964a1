import type { FileTransfer } from '@kaigi/client';

/** Shown, if everybody can: pictures made of points. SVG and HTML are documents that could do anything. */
const RASTER = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']);
/** Pictures up to this are fetched and shown without being asked for. */
export const PICTURE_BYTES = 5_000_000;
/** No more of them than this in a meeting; the rest by a click. */
export const FETCHED_BYTES = 200_000_000;

export function isPicture({ mediaType, bytes }: Pick<FileTransfer, 'mediaType' | 'bytes'>): boolean {
  return RASTER.has(mediaType) && bytes > 0 && bytes <= PICTURE_BYTES;
}

/** A frame of what a tile shows now, as a picture file. */
export async function snapshot(
  tile: HTMLElement,
  name: string,
  screen: boolean,
  at: Date,
): Promise<File | undefined> {
  const video = [...tile.querySelectorAll('video')].findLast(
    ({ dataset, videoWidth }) => dataset.showing === 'true' && videoWidth > 0,
  );
  if (!video) return undefined;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  // Text stays sharp in PNG; faces are a tenth of the size in JPEG.
  const png = screen ? await encoded(canvas, 'image/png') : undefined;
  const small = png && png.size <= PICTURE_BYTES ? png : await encoded(canvas, 'image/jpeg', 0.92);
  if (!small) return undefined;
  const ending = small.type === 'image/png' ? 'png' : 'jpg';
  return new File([small], `${name} ${stamp(at)}.${ending}`, { type: small.type });
}

/** For pasted pictures, which browsers all call "image.png". */
export function stampedName(file: File, at: Date): string {
  return /^image\.\w+$/.test(file.name) ? file.name.replace('.', ` ${stamp(at)}.`) : file.name;
}

function encoded(canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob | undefined> {
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), type, quality));
}

/** "2026-12-01 10.30.05", in the local time: sorts, and has nothing a file system refuses. */
function stamp(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join('.')}`;
}
