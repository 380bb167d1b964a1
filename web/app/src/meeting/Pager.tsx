import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';

/** Turns the pages of the stage, where not all tiles fit on one. */
export function Pager({
  page,
  pages,
  onPage,
}: {
  page: number;
  pages: number;
  onPage: (page: number) => void;
}) {
  const { t } = useTranslation();
  // Not `disabled`, which would take the focus away from whoever turns pages by keyboard.
  const turn = (to: number) => ({
    'aria-disabled': to < 0 || to >= pages,
    onClick: () => to >= 0 && to < pages && onPage(to),
  });
  return (
    <nav className="pager" aria-label={t('pager.label')}>
      <button type="button" aria-label={t('pager.previous')} {...turn(page - 1)}>
        <ChevronLeft aria-hidden="true" />
      </button>
      <span role="status">{t('pager.page', { page: page + 1, pages })}</span>
      <button type="button" aria-label={t('pager.next')} {...turn(page + 1)}>
        <ChevronRight aria-hidden="true" />
      </button>
    </nav>
  );
}
