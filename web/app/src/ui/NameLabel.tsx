import { useTranslation } from 'react-i18next';

/** What is said about a name: one's own, or somebody's screen. */
export type NameForm = 'tile.you' | 'tile.screen';

/** A name on one line. Too long, it is cut, but never what is said about it: "Ann Maria…'s screen". */
export function NameLabel({ name, form }: { name: string; form?: NameForm | undefined }) {
  const { t } = useTranslation();
  const [before = '', after = ''] = form === undefined ? [] : t(form, { name: '\n' }).split('\n');
  return (
    <span className="name-label">
      {before && <span className="name-rest">{before}</span>}
      <span className="name-text">{name}</span>
      {after && <span className="name-rest">{after}</span>}
    </span>
  );
}
