/** The mark: 会 in a seal. Decorative; the name stands beside it. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--brand)" />
      <g fill="none" stroke="var(--on-brand)" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
        <path d="M5.5 14.2 16 5.8l10.5 8.4" />
        <path d="M11.5 15.4h9" />
        <path d="M7.5 19.6h17" />
        <path d="m15 19.8-4.6 6h10.8" />
        <path d="m19.4 22.6 2.8 4" />
      </g>
    </svg>
  );
}
