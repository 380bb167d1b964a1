import { useEffect, useState } from 'react';
import { trackKey } from '../ui/track-key';
import { useVideo } from '../ui/useVideo';

/** What a tile's picture is doing. */
export interface Picture {
  showing: boolean;
  /** Width / height; undefined while unknown. */
  aspect: number | undefined;
}

/**
 * A tile's picture. When its track is replaced, as at the change from a direct call to one by way of the server,
 * a second `<video>` lies over the first until it has a frame to show: nobody sees a gap.
 */
export function TileVideo({
  track,
  on,
  mirrored,
  isOthers,
  onPicture,
}: {
  track: MediaStreamTrack | undefined;
  on: boolean;
  mirrored: boolean;
  /** The track shows somebody else by now. */
  isOthers: (track: MediaStreamTrack) => boolean;
  onPicture: (picture: Picture) => void;
}) {
  const [shown, setShown] = useState<MediaStreamTrack>();
  const [aspect, setAspect] = useState<number>();
  if (shown && (!on || !track)) setShown(undefined);
  const before =
    shown && shown !== track && shown.readyState === 'live' && !isOthers(shown) ? shown : undefined;
  const showing = on && track !== undefined && (shown === track || before !== undefined);

  useEffect(() => {
    onPicture({ showing, aspect });
  }, [showing, aspect, onPicture]);

  return (
    <>
      {before && <Layer key={trackKey(before)} track={before} on={on} mirrored={mirrored} covered />}
      <Layer
        key={track ? trackKey(track) : 'none'}
        track={track}
        on={on}
        mirrored={mirrored}
        onShown={setShown}
        onAspect={setAspect}
      />
    </>
  );
}

function Layer({
  track,
  on,
  mirrored,
  covered = false,
  onShown,
  onAspect,
}: {
  track: MediaStreamTrack | undefined;
  on: boolean;
  mirrored: boolean;
  /** It lies under the one that is about to replace it. */
  covered?: boolean;
  onShown?: (track: MediaStreamTrack) => void;
  onAspect?: (aspect: number) => void;
}) {
  const { video, showing, aspect } = useVideo(track, on);
  useEffect(() => {
    if (showing && track) onShown?.(track);
  }, [showing, track, onShown]);
  useEffect(() => {
    if (aspect !== undefined) onAspect?.(aspect);
  }, [aspect, onAspect]);
  return (
    <video
      ref={video}
      className={mirrored ? 'mirrored' : undefined}
      data-showing={showing || covered}
      aria-hidden={covered || undefined}
      muted
      playsInline
      autoPlay
    />
  );
}
