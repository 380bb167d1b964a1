import { Hand } from 'lucide-react';
import { useTranslation } from 'react-i18next';

/** On a tile: the hand is up, as which. */
export function HandMark({ position }: { position: number }) {
  const { t } = useTranslation();
  const words = t('hand.mark', { position });
  return (
    <span className="tile-hand" role="img" aria-label={words} title={words}>
      <Hand aria-hidden="true" />
      <span aria-hidden="true">{position}</span>
    </span>
  );
}
