import { useCallback } from 'react';

/** A picture from memory or disk; its address lives as long as it is shown. */
export function Picture({
  content,
  alt,
  className,
  onBroken,
}: {
  content: Blob;
  alt: string;
  className?: string;
  onBroken?: () => void;
}) {
  const show = useCallback(
    (image: HTMLImageElement | null) => {
      if (!image) return;
      const address = URL.createObjectURL(content);
      image.src = address;
      return () => URL.revokeObjectURL(address);
    },
    [content],
  );
  return (
    <img ref={show} alt={alt} className={className} decoding="async" draggable={false} onError={onBroken} />
  );
}
