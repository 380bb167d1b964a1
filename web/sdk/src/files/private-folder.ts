const FOLDER = 'kaigi-files';
const lockName = (folder: string) => `${FOLDER}/${folder}`;

let folder: Promise<FileSystemDirectoryHandle> | undefined;

/** This browser lets pages keep files of their own and write them piece by piece. */
export function hasPrivateFolder(): boolean {
  return (
    typeof navigator !== 'undefined' &&
    navigator.storage?.getDirectory !== undefined &&
    navigator.locks !== undefined &&
    typeof FileSystemFileHandle !== 'undefined' &&
    'createWritable' in FileSystemFileHandle.prototype
  );
}

/** A folder in the origin's private file system for as long as the page lives. */
export function privateFolder(): Promise<FileSystemDirectoryHandle> {
  folder ??= open();
  folder.catch(() => (folder = undefined));
  return folder;
}

async function open(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const folders = await root.getDirectoryHandle(FOLDER, { create: true });
  const own = crypto.randomUUID();
  // The lock ends with the page, however it ends: what lies in a folder without one was left behind.
  await hold(lockName(own));
  const handle = await folders.getDirectoryHandle(own, { create: true });
  void sweep(folders, own).catch(() => undefined);
  return handle;
}

function hold(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const forever = () => {
      resolve();
      return new Promise<never>(() => undefined);
    };
    navigator.locks.request(name, forever).catch(reject);
  });
}

async function sweep(folders: FileSystemDirectoryHandle, own: string): Promise<void> {
  const names: string[] = [];
  for await (const name of folders.keys()) if (name !== own) names.push(name);
  for (const name of names) {
    await navigator.locks.request(lockName(name), { ifAvailable: true }, async (lock) => {
      if (lock) await folders.removeEntry(name, { recursive: true });
    });
  }
}
