import { Mic, MonitorUp, Phone, Video } from 'lucide-react';
import { useTranslation } from 'react-i18next';

/** A meeting in a few shapes. Decorative. */
export function Illustration() {
  const { t } = useTranslation();
  return (
    <div className="art" aria-hidden="true">
      <div className="art-window">
        <Figure className="art-a" skin="#e3b18f" hair="#2b2320" cloth="#f2c14e" />
        <Figure className="art-b" skin="#c98d66" hair="#1d1b1f" cloth="#e76f51" />
        <div className="art-chip">
          <i /> {t('connection.direct')} · 24 ms
        </div>
        <div className="art-bar">
          <span>
            <Mic />
          </span>
          <span>
            <Video />
          </span>
          <span>
            <MonitorUp />
          </span>
          <span className="end">
            <Phone className="hang-up" />
          </span>
        </div>
      </div>
    </div>
  );
}

function Figure({
  className,
  skin,
  hair,
  cloth,
}: {
  className: string;
  skin: string;
  hair: string;
  cloth: string;
}) {
  return (
    <svg className={`art-figure ${className}`} viewBox="0 0 160 100" preserveAspectRatio="xMidYMax slice">
      <path d="M34 104c2-26 20-36 46-36s44 10 46 36z" fill={cloth} />
      <path d="M70 54h20v18c0 6-20 6-20 0z" fill={skin} />
      <ellipse cx="80" cy="43" rx="18" ry="21" fill={skin} />
      <path
        d="M60 44c-4-24 8-31 21-31 15 0 24 9 19 31-2-10-6-14-9-15-9 4-20 5-25 2-4 3-5 7-6 13z"
        fill={hair}
      />
    </svg>
  );
}
