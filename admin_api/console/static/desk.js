// What must happen in the browser: waiting times that count, light and dark, and knowing that the line is down.
(() => {
  let ahead = 0; // the server's clock minus ours, in milliseconds
  const waited = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, '0');
    return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };
  const tick = () => {
    for (const mark of document.querySelectorAll('[data-since]')) {
      const since = Number(mark.dataset.since);
      if (!since) continue;
      const ms = Date.now() + ahead - since;
      mark.textContent = waited(ms);
      mark.classList.toggle('late', ms >= 100000);
      mark.classList.toggle('red', ms >= 180000);
    }
    const days = document.documentElement.lang.startsWith('zh') ? '天 ' : 'd ';
    for (const mark of document.querySelectorAll('[data-until]')) {
      const left = Math.max(0, Number(mark.dataset.until) - Date.now() - ahead);
      const whole = Math.floor(left / 86400000);
      mark.textContent = (whole ? whole + days : '') + waited(left - whole * 86400000);
      mark.classList.toggle('late', left < 7200000);
      mark.classList.toggle('red', left < 900000);
    }
    document.body?.classList.toggle('is-offline', Boolean(window.did_handshake) && !window.socket?.connected);
  };
  setInterval(tick, 500);
  window.xiaoer = {
    clock: (now) => { ahead = now - Date.now(); tick(); },
    toggleTheme: () => {
      const dark = !document.body.classList.contains('body--dark');
      document.cookie = `xiaoer_theme=${dark ? 'dark' : 'light'}; path=/console; max-age=31536000; samesite=lax`;
      location.reload();
    },
  };
})();
