// What the merchant's pages need in the browser: uploads, the order of pictures, cropping, and asking before leaving.
(() => {
  const goods = { isUnsaved: false };
  goods.unsaved = (is) => { goods.isUnsaved = is; };
  window.addEventListener('beforeunload', (e) => { if (goods.isUnsaved) { e.preventDefault(); e.returnValue = ''; } });
  // What is unsaved is saved with the keys people know; the back arrow goes back to the list as it was.
  document.addEventListener('keydown', (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === 's' && document.querySelector('.editor')) {
      e.preventDefault();
      if (!document.querySelector('.q-dialog')) document.querySelector('.btn.save')?.click();
    }
  });
  document.addEventListener('click', (e) => {
    const back = e.target.closest?.('a[data-back]');
    if (back && document.referrer.startsWith(location.origin + '/console/products') && history.length > 1) {
      e.preventDefault();
      history.back();
    }
  });

  // Pictures: to the HTTP interface, with the session's token.
  goods.upload = async (e, header) => {
    const input = e.target.closest('.drop').querySelector('input');
    const zone = e.target.closest('.drop');
    if (e.type === 'drop') e.preventDefault();
    const files = [...(e.type === 'drop' ? e.dataTransfer.files : input.files)];
    if (!files.length || zone.classList.contains('busy')) return { none: true };
    const form = new FormData();
    for (const file of files) form.append('files', file);
    zone.classList.add('busy');
    try {
      const answer = await fetch(zone.dataset.to, { method: 'POST', headers: { [header]: zone.dataset.csrf }, body: form });
      return await answer.json();
    } catch (error) {
      return { error: { code: 'shop.busy', facts: { seconds: 5 } } };
    } finally {
      zone.classList.remove('busy');
      input.value = '';
    }
  };
  let dragged = null;
  document.addEventListener('dragstart', (e) => {
    dragged = e.target.closest?.('.picture-card[draggable]') || null;
    dragged?.classList.add('dragged');
  });
  document.addEventListener('dragover', (e) => {
    const over = e.target.closest?.('.picture-card');
    if (!dragged || !e.target.closest?.('.picture-list')) return;
    e.preventDefault();
    if (!over || over === dragged) return;
    const { left, width } = over.getBoundingClientRect();
    over[e.clientX < left + width / 2 ? 'before' : 'after'](dragged);
  });
  document.addEventListener('dragend', () => {
    if (!dragged) return;
    const list = dragged.closest('.picture-list');
    dragged.classList.remove('dragged');
    dragged = null;
    const order = [...list.querySelectorAll('.picture-card')].map((card) => card.dataset.media);
    list.dispatchEvent(new CustomEvent('sorted', { detail: order }));
  });

  // A square over a picture, in pixels of the picture.
  goods.crop = (frame) => {
    const square = frame.querySelector('.crop-box'), image = frame.querySelector('img');
    const width = Number(frame.dataset.width), height = Number(frame.dataset.height);
    const least = Math.min(16, width, height);
    let side = Math.min(width, height), left = Math.round((width - side) / 2), top = Math.round((height - side) / 2);
    const draw = () => {
      side = Math.round(Math.max(least, Math.min(side, width, height)));
      left = Math.round(Math.max(0, Math.min(left, width - side)));
      top = Math.round(Math.max(0, Math.min(top, height - side)));
      const scale = image.clientWidth / width;
      Object.assign(square.style, {
        left: `${image.offsetLeft + left * scale}px`, top: `${image.offsetTop + top * scale}px`,
        width: `${side * scale}px`, height: `${side * scale}px`,
      });
      Object.assign(frame.dataset, { left, top, side });
      square.setAttribute('aria-valuetext', `${left}, ${top}, ${side} × ${side}`);
    };
    square.onpointerdown = (e) => {
      e.preventDefault();
      square.focus();
      square.setPointerCapture(e.pointerId);
      const from = { x: e.clientX, y: e.clientY, left, top, side };
      const isSizing = e.target.classList.contains('crop-corner');
      square.onpointermove = (m) => {
        const scale = width / image.clientWidth, dx = (m.clientX - from.x) * scale, dy = (m.clientY - from.y) * scale;
        if (isSizing) side = Math.min(from.side + Math.max(dx, dy), width - left, height - top);
        else { left = from.left + dx; top = from.top + dy; }
        draw();
      };
      square.onpointerup = square.onpointercancel = () => { square.onpointermove = null; };
    };
    square.onkeydown = (e) => {
      const step = Math.max(1, Math.round(Math.min(width, height) / (e.shiftKey ? 10 : 50)));
      const keys = {
        ArrowLeft: () => { left -= step; }, ArrowRight: () => { left += step; },
        ArrowUp: () => { top -= step; }, ArrowDown: () => { top += step; },
        '+': () => { side += step; }, '=': () => { side += step; }, '-': () => { side -= step; },
      };
      if (keys[e.key]) { e.preventDefault(); keys[e.key](); draw(); }
    };
    new ResizeObserver(draw).observe(image);
    draw();
    square.focus();
  };
  goods.cropped = (dialog) => {
    const { left, top, side } = dialog.querySelector('.crop').dataset;
    return { left: Number(left), top: Number(top), side: Number(side) };
  };

  goods.copy = async (e) => {
    const code = e.target.closest('.chat-code').querySelector('.code-words');
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch (error) { // without https the browser has no clipboard for pages: mark the words instead
      getSelection().selectAllChildren(code);
    }
  };
  window.xiaoer.goods = goods;
})();
