import { File, FileArchive, FileImage, FileMusic, FileText, FileVideoCamera } from 'lucide-react';

const archives = /zip|compressed|x-tar|gzip|x-7z|x-rar/;
const texts = /^text\/|pdf|word|officedocument|opendocument|rtf/;

export function FileIcon({ mediaType }: { mediaType: string }) {
  const Icon = mediaType.startsWith('image/')
    ? FileImage
    : mediaType.startsWith('video/')
      ? FileVideoCamera
      : mediaType.startsWith('audio/')
        ? FileMusic
        : archives.test(mediaType)
          ? FileArchive
          : texts.test(mediaType)
            ? FileText
            : File;
  return <Icon aria-hidden="true" />;
}
